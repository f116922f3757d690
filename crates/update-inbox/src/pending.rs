//! The updates that are acknowledged and not finished.

use clock::Timestamp;
use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType};
use ids::ConnectionId;
use store::{Columns as _, Connection, WriterConnection};
use update_dispatcher::{LaneKey, Queued, Retry, Seq};

use crate::overdue::{self, Share};
use crate::rows::{PendingRow, count, history_text, text};
use crate::schema::{inbox_pending, inbox_sequence};

/// Takes this many numbers, and answers the first of them. Until the transaction ends, no other gets past this.
pub(crate) fn take_numbers(writer: &mut WriterConnection, many: usize) -> store::Result<i64> {
    let many = i64::try_from(many).unwrap_or(i64::MAX);
    let next: Vec<i64> = writer.fetch(TakeNumbers(many))?;
    store::ensure_touched(next.len(), 1)?;
    Ok(next[0] - many)
}

pub(crate) fn insert(writer: &mut WriterConnection, new: &[Queued]) -> store::Result<()> {
    let rows: Vec<PendingRow> = new.iter().map(PendingRow::from).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let added = writer.run_batch(diesel::insert_into(inbox_pending::table).values(rows))?;
    store::ensure_touched(added, new.len())
}

pub(crate) fn delete(writer: &mut WriterConnection, gone: &[i64]) -> store::Result<()> {
    for some in gone.chunks(CHUNK) {
        let deleted = inbox_pending::table.filter(inbox_pending::seq.eq_any(some.to_vec()));
        writer.run(diesel::delete(deleted))?;
    }
    Ok(())
}

pub(crate) fn set_retry(
    writer: &mut WriterConnection,
    seq: Seq,
    retry: &Retry,
) -> store::Result<()> {
    let set = diesel::update(inbox_pending::table.find(seq.value())).set((
        inbox_pending::stage.eq(count(retry.progress.stage)),
        inbox_pending::effect.eq(count(retry.progress.effect)),
        inbox_pending::attempts.eq(count(retry.attempts)),
        inbox_pending::not_before_us.eq(Some(retry.not_before.unix_us())),
        inbox_pending::history.eq(history_text(&retry.history)),
    ));
    writer.run(set).map(drop)
}

pub(crate) fn find(writer: &mut WriterConnection, seq: Seq) -> store::Result<Option<PendingRow>> {
    writer.fetch_optional(
        inbox_pending::table
            .find(seq.value())
            .select(PendingRow::columns()),
    )
}

/// Deletes what these connections have waiting beyond its time, as much as a commit may bear.
pub(crate) fn delete_expired(
    writer: &mut WriterConnection,
    connections: &[ConnectionId],
    now: Timestamp,
) -> store::Result<Share> {
    let expired = inbox_pending::table
        .filter(inbox_pending::connection_id.eq_any(connections.to_vec()))
        .filter(inbox_pending::expires_at_us.lt(now.unix_us()))
        .limit(overdue::MOST)
        .select((inbox_pending::seq, inbox_pending::connection_id));
    let expired: Vec<(i64, ConnectionId)> = writer.fetch(expired)?;
    let mut share = Share {
        deleted: expired.len(),
        more: expired.len() as i64 >= overdue::MOST,
        ..Share::default()
    };
    let (gone, owners): (Vec<i64>, Vec<_>) = expired.into_iter().unzip();
    for owner in owners {
        *share.of.entry(owner).or_default() += 1;
    }
    delete(writer, &gone)?;
    Ok(share)
}

/// The highest number that was ever given out.
pub(crate) async fn tip(connection: &mut Connection) -> store::Result<Seq> {
    let next: i64 = connection
        .fetch_one(inbox_sequence::table.select(inbox_sequence::next))
        .await?;
    Ok(Seq::new(next - 1))
}

/// What is pending after a number, in order.
pub(crate) async fn after(
    connection: &mut Connection,
    after: Seq,
    limit: i64,
) -> store::Result<Vec<Queued>> {
    let page = inbox_pending::table
        .filter(inbox_pending::seq.gt(after.value()))
        .order(inbox_pending::seq)
        .limit(limit)
        .select(PendingRow::columns());
    Ok(queued(connection.fetch(page).await?))
}

/// Some of what is pending, in order.
pub(crate) struct Page {
    pub(crate) rows: Vec<Queued>,
    /// Where to read on; nothing when there was no more.
    pub(crate) next: Option<Seq>,
}

/// What is pending in a lane after a number.
pub(crate) async fn of_lane(
    connection: &mut Connection,
    lane: &LaneKey,
    after: Seq,
    limit: i64,
) -> store::Result<Page> {
    let page = inbox_pending::table
        .filter(inbox_pending::connection_id.eq(lane.connection.clone()))
        .filter(inbox_pending::lane.eq(text(&lane.lane.to_string())))
        .filter(inbox_pending::seq.gt(after.value()))
        .order(inbox_pending::seq)
        .limit(limit)
        .select(PendingRow::columns());
    let rows = queued(connection.fetch(page).await?);
    let numbers: Vec<i64> = rows.iter().map(|row| row.seq.value()).collect();
    Ok(Page {
        rows,
        next: next(&numbers, limit),
    })
}

/// What a connection has pending after a number.
pub(crate) async fn of_connection(
    connection: &mut Connection,
    owner: &ConnectionId,
    after: Seq,
    limit: i64,
) -> store::Result<Page> {
    // The numbers first, which the index holds, so that no bodies are sorted.
    let numbers = inbox_pending::table
        .filter(inbox_pending::connection_id.eq(owner.clone()))
        .filter(inbox_pending::seq.gt(after.value()))
        .order(inbox_pending::seq)
        .limit(limit)
        .select(inbox_pending::seq);
    let numbers: Vec<i64> = connection.fetch(numbers).await?;
    let next = next(&numbers, limit);
    let page = inbox_pending::table
        .filter(inbox_pending::seq.eq_any(numbers))
        .order(inbox_pending::seq)
        .select(PendingRow::columns());
    // Some may be gone by now, so their count says nothing about whether there are more.
    Ok(Page {
        rows: queued(connection.fetch(page).await?),
        next,
    })
}

/// How many are pending, and when the oldest of them came.
pub(crate) async fn depth(connection: &mut Connection) -> store::Result<(u64, Option<Timestamp>)> {
    let pending: i64 = connection.fetch_one(inbox_pending::table.count()).await?;
    let oldest = inbox_pending::table
        .order(inbox_pending::seq)
        .limit(1)
        .select(inbox_pending::received_at_us);
    let oldest: Option<i64> = connection.fetch_optional(oldest).await?;
    Ok((pending.unsigned_abs(), oldest.map(Timestamp::from_unix_us)))
}

fn next(numbers: &[i64], limit: i64) -> Option<Seq> {
    let full = numbers.len() as i64 >= limit;
    numbers.last().filter(|_| full).map(|last| Seq::new(*last))
}

fn queued(rows: Vec<PendingRow>) -> Vec<Queued> {
    rows.into_iter().map(Queued::from).collect()
}

/// Values bound in one statement: below SQLite's 32,766, and few enough for its planner.
const CHUNK: usize = 1_000;

/// Raises the next number, and answers what it is then. Written out because diesel would prepare its own update anew each time.
#[derive(QueryId)]
struct TakeNumbers(i64);

impl<DB: Backend + HasSqlType<BigInt>> QueryFragment<DB> for TakeNumbers
where
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE inbox_sequence SET next = next + ");
        out.push_bind_param::<BigInt, _>(&self.0)?;
        out.push_sql(" WHERE id = 1 RETURNING next");
        Ok(())
    }
}

impl Query for TakeNumbers {
    type SqlType = BigInt;
}

impl<C> RunQueryDsl<C> for TakeNumbers {}
