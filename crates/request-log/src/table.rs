//! The tables of the request log, and the statements that write them. All may be repeated: they do the same once more.

use diesel::prelude::*;
use diesel::upsert::excluded;
use store::{Columns as _, Connection, WriterConnection, ensure_touched};

use crate::owners;

diesel::table! {
    request_segments (segment) {
        segment -> BigInt,
        opened_us -> BigInt,
        first_us -> BigInt,
        last_us -> BigInt,
        lag_us -> BigInt,
        lead_us -> BigInt,
        entries -> BigInt,
        outcomes -> Binary,
    }
}

diesel::table! {
    request_bodies (segment) {
        segment -> BigInt,
        owners -> Binary,
        body -> Binary,
    }
}

diesel::table! {
    request_owners (part, run) {
        part -> BigInt,
        run -> BigInt,
        owners -> Binary,
    }
}

diesel::table! {
    request_followups (segment, later) {
        segment -> BigInt,
        later -> BigInt,
        keys -> Binary,
    }
}

diesel::table! {
    request_strays (key, segment) {
        key -> BigInt,
        segment -> BigInt,
    }
}

/// What is known about a segment without its body.
#[derive(Clone, Debug, Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = request_segments, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
pub(crate) struct SegmentRow {
    pub(crate) segment: i64,
    /// Never less than that of the segment before.
    pub(crate) opened_us: i64,
    pub(crate) first_us: i64,
    pub(crate) last_us: i64,
    /// The most that a request of this segment or one before began before its segment was opened.
    pub(crate) lag_us: i64,
    /// The most that one began after.
    pub(crate) lead_us: i64,
    pub(crate) entries: i64,
    pub(crate) outcomes: Vec<u8>,
}

#[derive(Insertable)]
#[diesel(table_name = request_bodies)]
struct BodyRow<'a> {
    segment: i64,
    owners: Vec<u8>,
    body: &'a [u8],
}

/// The newest segment, if there is one.
pub(crate) fn newest(writer: &mut WriterConnection) -> store::Result<Option<SegmentRow>> {
    writer.fetch_optional(
        request_segments::table
            .order(request_segments::segment.desc())
            .limit(1)
            .select(SegmentRow::columns()),
    )
}

/// A segment's body, unless the segment is gone.
pub(crate) async fn body(
    connection: &mut Connection,
    segment: i64,
) -> store::Result<Option<Vec<u8>>> {
    let query = request_bodies::table
        .filter(request_bodies::segment.eq(segment))
        .select(request_bodies::body);
    connection.fetch_optional(query).await
}

/// Writes a segment as it is now.
pub(crate) fn save_segment(
    writer: &mut WriterConnection,
    row: SegmentRow,
    owners: Vec<u8>,
    body: &[u8],
) -> store::Result<()> {
    let segment = row.segment;
    let statement = diesel::insert_into(request_segments::table)
        .values(row.clone())
        .on_conflict(request_segments::segment)
        .do_update()
        .set(row);
    ensure_touched(writer.run(statement)?, 1)?;
    let statement = diesel::insert_into(request_bodies::table)
        .values(BodyRow {
            segment,
            owners,
            body,
        })
        .on_conflict(request_bodies::segment)
        .do_update()
        .set((
            request_bodies::owners.eq(excluded(request_bodies::owners)),
            request_bodies::body.eq(excluded(request_bodies::body)),
        ));
    ensure_touched(writer.run(statement)?, 1)
}

/// Writes the index of a run whose segments are all there.
pub(crate) fn index_run(writer: &mut WriterConnection, run: i64) -> store::Result<()> {
    let first = run * owners::RUN;
    let lists: Vec<(i64, Vec<u8>)> = writer.fetch(
        request_bodies::table
            .filter(request_bodies::segment.ge(first))
            .filter(request_bodies::segment.lt(first + owners::RUN))
            .select((request_bodies::segment, request_bodies::owners)),
    )?;
    for (part, owners) in owners::index(&lists) {
        let row = (
            request_owners::part.eq(part),
            request_owners::run.eq(run),
            request_owners::owners.eq(owners),
        );
        let statement = diesel::insert_into(request_owners::table)
            .values(row)
            .on_conflict((request_owners::part, request_owners::run))
            .do_update()
            .set(request_owners::owners.eq(excluded(request_owners::owners)));
        ensure_touched(writer.run(statement)?, 1)?;
    }
    Ok(())
}

/// Notes that updates of a segment's requests were settled in a later one.
pub(crate) fn save_followup(
    writer: &mut WriterConnection,
    segment: i64,
    later: i64,
    keys: &[u8],
) -> store::Result<()> {
    let row = (
        request_followups::segment.eq(segment),
        request_followups::later.eq(later),
        request_followups::keys.eq(keys),
    );
    let statement = diesel::insert_into(request_followups::table)
        .values(row)
        .on_conflict((request_followups::segment, request_followups::later))
        .do_update()
        .set(request_followups::keys.eq(excluded(request_followups::keys)));
    ensure_touched(writer.run(statement)?, 1)
}

/// Notes that updates were settled in a segment.
pub(crate) fn save_strays(
    writer: &mut WriterConnection,
    segment: i64,
    keys: &[i64],
) -> store::Result<()> {
    for key in keys {
        let row = (
            request_strays::key.eq(key),
            request_strays::segment.eq(segment),
        );
        let statement = diesel::insert_into(request_strays::table)
            .values(row)
            .on_conflict_do_nothing();
        writer.run(statement)?;
    }
    Ok(())
}
