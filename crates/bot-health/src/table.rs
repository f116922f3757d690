//! What is asked of the tables, and written to them.

use clock::Timestamp;
use diesel::prelude::*;
use ids::{ConnectionId, ProjectId};
use store::{Columns as _, Connection as Link};

use crate::error::Result;
use crate::row::{Row, code};
use crate::schema::{bot_health, bot_health_changes, bot_health_sweep};
use crate::verdict::VerdictCode;

#[derive(Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = bot_health_changes, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
pub(crate) struct ChangeRow {
    pub(crate) connection_id: ConnectionId,
    pub(crate) number: i64,
    pub(crate) project_id: ProjectId,
    pub(crate) at_us: i64,
    pub(crate) from_code: String,
    pub(crate) to_code: String,
    pub(crate) sentence: String,
}

/// How far the sweep came.
#[derive(AsChangeset, Clone, Debug, Default, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(treat_none_as_null = true)]
#[diesel(table_name = bot_health_sweep, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
pub(crate) struct SweepRow {
    pub(crate) id: i64,
    pub(crate) position: String,
    pub(crate) visited: i64,
    pub(crate) expected: i64,
    pub(crate) visited_at_us: Option<i64>,
}

pub(crate) async fn find(link: &mut Link, id: &ConnectionId) -> store::Result<Option<Row>> {
    let query = bot_health::table.find(id.clone()).select(Row::columns());
    link.fetch_optional(query).await
}

pub(crate) async fn find_all(link: &mut Link, ids: &[ConnectionId]) -> store::Result<Vec<Row>> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let query = bot_health::table
            .filter(bot_health::connection_id.eq_any(some.to_vec()))
            .select(Row::columns());
        found.extend(link.fetch(query).await?);
    }
    Ok(found)
}

/// Those at one of these codes, in order of their ids.
pub(crate) async fn list(
    link: &mut Link,
    codes: &[VerdictCode],
    after: &str,
    limit: i64,
) -> store::Result<Vec<Row>> {
    let codes: Vec<String> = codes.iter().map(VerdictCode::to_string).collect();
    let query = bot_health::table
        .filter(bot_health::code.eq_any(codes))
        .filter(bot_health::connection_id.gt(after.to_owned()))
        .order(bot_health::connection_id)
        .limit(limit)
        .select(Row::columns());
    link.fetch(query).await
}

/// Adds a row that is not there, or writes over one of which no more changes were written than this one knows of.
pub(crate) async fn save(link: &mut Link, row: &Row, is_new: bool) -> store::Result<()> {
    let touched = if is_new {
        let insert = diesel::insert_into(bot_health::table).values(row.clone());
        link.run(insert).await?
    } else {
        let held = bot_health::table.find(row.connection_id.clone());
        link.run(diesel::update(held).set(row.clone())).await?
    };
    store::ensure_touched(touched, 1)
}

/// Notes looks that showed nothing new.
pub(crate) async fn looked(link: &mut Link, rows: &[Row]) -> store::Result<()> {
    for row in rows {
        let held = bot_health::table.find(row.connection_id.clone());
        let later = held.filter(bot_health::looked_at_us.lt(row.looked_at_us));
        let set = bot_health::looked_at_us.eq(row.looked_at_us);
        if link.run(diesel::update(later).set(set)).await? == 0 {
            let insert = diesel::insert_into(bot_health::table).values(row.clone());
            link.run(insert.on_conflict_do_nothing()).await?;
        }
    }
    Ok(())
}

pub(crate) async fn add_change(link: &mut Link, change: ChangeRow) -> store::Result<()> {
    let insert = diesel::insert_into(bot_health_changes::table).values(change);
    store::ensure_touched(link.run(insert).await?, 1)
}

/// A connection's changes, the latest first.
pub(crate) async fn changes(
    link: &mut Link,
    id: &ConnectionId,
    before: i64,
    limit: i64,
) -> store::Result<Vec<ChangeRow>> {
    let query = bot_health_changes::table
        .filter(bot_health_changes::connection_id.eq(id.clone()))
        .filter(bot_health_changes::number.lt(before))
        .order(bot_health_changes::number.desc())
        .limit(limit)
        .select(ChangeRow::columns());
    link.fetch(query).await
}

/// Deletes some of the changes from before this time; answers how many.
pub(crate) async fn expire(link: &mut Link, before: Timestamp, most: i64) -> store::Result<usize> {
    let old = bot_health_changes::table
        .filter(bot_health_changes::at_us.lt(before.unix_us()))
        .order(bot_health_changes::at_us)
        .limit(most)
        .select((
            bot_health_changes::connection_id,
            bot_health_changes::number,
        ));
    let old: Vec<(ConnectionId, i64)> = link.fetch(old).await?;
    let mut deleted = 0;
    for (id, number) in old {
        let one = bot_health_changes::table.find((id, number));
        deleted += link.run(diesel::delete(one)).await?;
    }
    Ok(deleted)
}

/// How many stand at which code.
pub(crate) async fn counts(link: &mut Link) -> Result<Vec<(VerdictCode, u64)>> {
    let query = bot_health::table
        .group_by(bot_health::code)
        .select((bot_health::code, diesel::dsl::count_star()));
    let counts: Vec<(String, i64)> = link.fetch(query).await?;
    let counts = counts.into_iter().map(|(name, count)| {
        let count = u64::try_from(count).unwrap_or_default();
        Ok((code(&name, "code")?, count))
    });
    counts.collect()
}

/// Those that are neither healthy nor disconnected.
pub(crate) async fn troubled(link: &mut Link) -> Result<Vec<(ConnectionId, VerdictCode)>> {
    let degraded = VerdictCode::ALL
        .into_iter()
        .filter(|code| code.is_degraded());
    let degraded: Vec<String> = degraded.map(|code| code.to_string()).collect();
    let query = bot_health::table
        .filter(bot_health::code.eq_any(degraded))
        .select((bot_health::connection_id, bot_health::code));
    let troubled: Vec<(ConnectionId, String)> = link.fetch(query).await?;
    let troubled = troubled.into_iter();
    troubled
        .map(|(id, name)| Ok((id, code(&name, "code")?)))
        .collect()
}

pub(crate) async fn sweep(link: &mut Link) -> store::Result<Option<SweepRow>> {
    let query = bot_health_sweep::table.find(1).select(SweepRow::columns());
    link.fetch_optional(query).await
}

pub(crate) async fn save_sweep(link: &mut Link, sweep: SweepRow) -> store::Result<()> {
    let row = SweepRow { id: 1, ..sweep };
    let update = diesel::update(bot_health_sweep::table.find(1)).set(row.clone());
    if link.run(update).await? == 0 {
        let insert = diesel::insert_into(bot_health_sweep::table).values(row);
        link.run(insert).await?;
    }
    Ok(())
}

/// Ids that are asked for in one statement.
const AT_ONCE: usize = 500;
