//! The tables of the request log, and how their rows are added.

use diesel::prelude::*;
use ids::{ConnectionId, ProjectId};
use store::WriterConnection;

use crate::folds::{Folded, prefix_text};
use crate::outcome::Outcome;
use crate::queue::Batch;
use crate::record::{Became, RequestRecord, UpdateRecord};

diesel::table! {
    requests (seq) {
        seq -> BigInt,
        at_us -> BigInt,
        request_id -> Nullable<Text>,
        connection_id -> Nullable<Text>,
        project_id -> Nullable<Text>,
        remote -> Nullable<Text>,
        outcome -> Text,
        status -> Integer,
        bytes -> BigInt,
        update_id -> Nullable<BigInt>,
        kind -> Nullable<Text>,
        read_us -> BigInt,
        store_us -> BigInt,
        total_us -> BigInt,
        stands_for -> BigInt,
    }
}

diesel::table! {
    request_updates (seq) {
        seq -> BigInt,
        connection_id -> Text,
        update_id -> BigInt,
        at_us -> BigInt,
        became -> Text,
        calls -> BigInt,
        reason -> Nullable<Text>,
        handler_us -> BigInt,
    }
}

#[derive(Insertable)]
#[diesel(table_name = requests, treat_none_as_default_value = false)]
struct NewRequest {
    at_us: i64,
    request_id: Option<String>,
    connection_id: Option<ConnectionId>,
    project_id: Option<ProjectId>,
    remote: Option<String>,
    outcome: Outcome,
    status: i32,
    bytes: i64,
    update_id: Option<i64>,
    kind: Option<String>,
    read_us: i64,
    store_us: i64,
    total_us: i64,
    stands_for: i64,
}

#[derive(Insertable)]
#[diesel(table_name = request_updates, treat_none_as_default_value = false)]
struct NewUpdate {
    connection_id: ConnectionId,
    update_id: i64,
    at_us: i64,
    became: &'static str,
    calls: i64,
    reason: Option<String>,
    handler_us: i64,
}

/// Writes a batch, all of it or nothing.
pub(crate) fn add(
    writer: &mut WriterConnection,
    batch: &Batch,
    truncate_addresses: bool,
) -> store::Result<()> {
    writer.transaction(|writer| {
        for some in batch.requests.chunks(ROWS) {
            let rows = some
                .iter()
                .map(|one| NewRequest::of(one, truncate_addresses));
            add_requests(writer, rows.collect())?;
        }
        for some in batch.folds.chunks(ROWS) {
            add_requests(writer, some.iter().map(NewRequest::of_fold).collect())?;
        }
        for some in batch.updates.chunks(ROWS) {
            let rows: Vec<_> = some.iter().map(NewUpdate::of).collect();
            let count = rows.len();
            let statement = diesel::insert_into(request_updates::table).values(rows);
            store::ensure_touched(writer.run_batch(statement)?, count)?;
        }
        Ok(())
    })
}

/// Fourteen values a row; SQLite binds at most 32,766 in a statement, and long statements gain nothing.
const ROWS: usize = 256;

fn add_requests(writer: &mut WriterConnection, rows: Vec<NewRequest>) -> store::Result<()> {
    let count = rows.len();
    let statement = diesel::insert_into(requests::table).values(rows);
    store::ensure_touched(writer.run_batch(statement)?, count)
}

impl NewRequest {
    fn of(record: &RequestRecord, truncate_addresses: bool) -> Self {
        Self {
            at_us: record.at.unix_us(),
            request_id: Some(record.request_id.as_str().to_owned()),
            connection_id: record.connection.clone(),
            project_id: record.project.clone(),
            remote: Some(if truncate_addresses {
                prefix_text(record.remote)
            } else {
                record.remote.to_canonical().to_string()
            }),
            outcome: record.outcome,
            status: record.status.into(),
            bytes: bigint(record.bytes),
            update_id: record.update_id,
            kind: record.kind.map(|kind| kind.as_str().to_owned()),
            read_us: bigint(record.read_us),
            store_us: bigint(record.store_us),
            total_us: bigint(record.total_us),
            stands_for: 1,
        }
    }

    fn of_fold(fold: &Folded) -> Self {
        Self {
            at_us: fold.at.unix_us(),
            request_id: None,
            connection_id: fold.connection.clone(),
            project_id: fold.project.clone(),
            remote: fold.prefix.clone(),
            outcome: fold.outcome,
            status: fold.status.into(),
            bytes: bigint(fold.bytes),
            update_id: None,
            kind: None,
            read_us: 0,
            store_us: 0,
            total_us: 0,
            stands_for: bigint(fold.count),
        }
    }
}

impl NewUpdate {
    fn of(record: &UpdateRecord) -> Self {
        let (became, calls, reason) = match &record.what {
            Became::Handled => (HANDLED, 0, None),
            Became::Replied { calls } => (REPLIED, i64::from(*calls), None),
            Became::Dead { reason } => (DEAD, 0, Some(clean(reason))),
        };
        Self {
            connection_id: record.connection.clone(),
            update_id: record.update_id,
            at_us: record.at.unix_us(),
            became,
            calls,
            reason,
            handler_us: bigint(record.handler_us),
        }
    }
}

/// How [`Became`] is written.
pub(crate) const HANDLED: &str = "handled";
pub(crate) const REPLIED: &str = "replied";
pub(crate) const DEAD: &str = "dead";

const REASON_BYTES: usize = 240;

/// Neither Postgres nor a terminal should meet a control character.
fn clean(reason: &str) -> String {
    let ends = reason.char_indices().map(|(at, char)| at + char.len_utf8());
    let end = ends.take_while(|end| *end <= REASON_BYTES).last();
    let start = reason.get(..end.unwrap_or(0)).unwrap_or_default();
    start.replace(char::is_control, " ")
}

fn bigint(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
