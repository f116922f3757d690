//! Reading the log.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use clock::Timestamp;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use ids::{ConnectionId, ProjectId, RequestId};
use store::{Columns as _, Connection};

use crate::error::Result;
use crate::log::RequestLog;
use crate::outcome::Outcome;
use crate::record::{Became, UpdateRecord};
use crate::table::{DEAD, REPLIED, request_updates, requests};

/// Which requests are asked for; by default all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those of one project.
    pub project: Option<ProjectId>,
    /// Those with one outcome.
    pub outcome: Option<Outcome>,
    /// Those that began at this time or later.
    pub since: Option<Timestamp>,
    /// Those that began before this time.
    pub until: Option<Timestamp>,
}

/// A place in the log. It stays what it is while rows arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    at_us: i64,
    seq: i64,
}

/// Text that is not a [`Cursor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor: it is given out with each page")]
pub struct InvalidCursor;

/// Some requests, the newest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// The requests.
    pub requests: Vec<LoggedRequest>,
    /// Where to go on, unless this is the end.
    pub next: Option<Cursor>,
}

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// When it began; of several requests the first.
    pub at: Timestamp,
    /// The request's name; none for a row that stands for several.
    pub request_id: Option<RequestId>,
    /// The connection it was for, as far as that is known.
    pub connection: Option<ConnectionId>,
    /// The connection's project.
    pub project: Option<ProjectId>,
    /// The sender's address, or a prefix of it.
    pub remote: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The status it was answered with; 0 when there was nobody left to answer.
    pub status: u16,
    /// The length of the body.
    pub bytes: u64,
    /// The update's number.
    pub update_id: Option<i64>,
    /// What the update is about.
    pub kind: Option<String>,
    /// Microseconds until the body was read.
    pub read_us: u64,
    /// Microseconds that storing it took.
    pub store_us: u64,
    /// Microseconds from its beginning to its answer.
    pub total_us: u64,
    /// How many requests this row stands for.
    pub stands_for: u64,
    /// What became of the update since, the last word of it.
    pub became: Option<UpdateRecord>,
}

impl RequestLog {
    /// A page of at most `limit` rows, the newest first, that comes after `after`. What was recorded in the last moments
    /// may not be written yet.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn requests_list(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page> {
        let mut connection = self.database().connect().await?;
        let rows = rows(&mut connection, filter, after, limit).await?;
        let next = rows
            .last()
            .filter(|_| rows.len() >= limit as usize)
            .map(|row| Cursor {
                at_us: row.at_us,
                seq: row.seq,
            });
        let became = became(&mut connection, &rows).await?;
        let requests = rows.into_iter().map(|row| row.with(&became)).collect();
        Ok(Page { requests, next })
    }

    /// How many requests ended how since a time, in the order of [`Outcome::ALL`], without those that none did.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn counts_by_outcome(&self, since: Timestamp) -> Result<Vec<(Outcome, u64)>> {
        let mut connection = self.database().connect().await?;
        // SUM of a BIGINT is a NUMERIC on Postgres, which SQLite does not have.
        let sum = sql::<BigInt>("CAST(SUM(stands_for) AS BIGINT)");
        let query = requests::table
            .filter(requests::at_us.ge(since.unix_us()))
            .group_by(requests::outcome)
            .select((requests::outcome, sum));
        let mut counts: Vec<(Outcome, i64)> = connection.fetch(query).await?;
        counts.sort_unstable();
        Ok(counts
            .into_iter()
            .map(|(outcome, count)| (outcome, unsigned(count)))
            .collect())
    }
}

async fn rows(
    connection: &mut Connection,
    filter: &Filter,
    after: Option<Cursor>,
    limit: u32,
) -> store::Result<Vec<RequestRow>> {
    let newest = Cursor {
        at_us: i64::MAX,
        seq: i64::MAX,
    };
    let Cursor { at_us, seq } = after.unwrap_or(newest);
    let since = filter.since.map_or(i64::MIN, Timestamp::unix_us);
    let until = filter.until.map_or(i64::MAX, Timestamp::unix_us);
    let in_time = requests::at_us
        .ge(since)
        .and(requests::at_us.lt(until))
        // Said twice, so that an index finds the place.
        .and(requests::at_us.le(at_us))
        .and(requests::at_us.lt(at_us).or(requests::seq.lt(seq)));
    let any_outcome = filter.outcome.is_none().into_sql::<Bool>();
    let outcome = filter.outcome.unwrap_or(Outcome::Accepted);
    let ended_so = requests::outcome.eq(outcome).or(any_outcome);
    let page = requests::table
        .filter(in_time)
        .filter(ended_so)
        .order((requests::at_us.desc(), requests::seq.desc()))
        .limit(limit.into())
        .select(RequestRow::columns());
    match &filter.project {
        Some(project) => {
            connection
                .fetch(page.filter(requests::project_id.eq(project)))
                .await
        }
        None => connection.fetch(page).await,
    }
}

/// What became of the updates of these rows; of each the last word.
async fn became(
    connection: &mut Connection,
    rows: &[RequestRow],
) -> store::Result<HashMap<(ConnectionId, i64), UpdateRecord>> {
    let updates: Vec<(ConnectionId, i64)> = rows.iter().filter_map(RequestRow::update).collect();
    if updates.is_empty() {
        return Ok(HashMap::new());
    }
    let (connections, update_ids): (Vec<_>, Vec<_>) = updates.into_iter().unzip();
    let query = request_updates::table
        .filter(request_updates::connection_id.eq_any(connections))
        .filter(request_updates::update_id.eq_any(update_ids))
        .order(request_updates::seq)
        .select(UpdateRow::columns());
    let rows: Vec<UpdateRow> = connection.fetch(query).await?;
    Ok(rows
        .into_iter()
        .map(UpdateRow::into_record)
        .map(|record| ((record.connection.clone(), record.update_id), record))
        .collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = requests, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
struct RequestRow {
    seq: i64,
    at_us: i64,
    request_id: Option<RequestId>,
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

#[derive(Queryable, Selectable)]
#[diesel(table_name = request_updates, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
struct UpdateRow {
    connection_id: ConnectionId,
    update_id: i64,
    at_us: i64,
    became: String,
    calls: i64,
    reason: Option<String>,
    handler_us: i64,
}

impl RequestRow {
    fn update(&self) -> Option<(ConnectionId, i64)> {
        self.connection_id.clone().zip(self.update_id)
    }

    fn with(self, became: &HashMap<(ConnectionId, i64), UpdateRecord>) -> LoggedRequest {
        let became = self.update().and_then(|update| became.get(&update));
        LoggedRequest {
            became: became.cloned(),
            at: Timestamp::from_unix_us(self.at_us),
            request_id: self.request_id,
            connection: self.connection_id,
            project: self.project_id,
            remote: self.remote,
            outcome: self.outcome,
            status: u16::try_from(self.status).unwrap_or_default(),
            bytes: unsigned(self.bytes),
            update_id: self.update_id,
            kind: self.kind,
            read_us: unsigned(self.read_us),
            store_us: unsigned(self.store_us),
            total_us: unsigned(self.total_us),
            stands_for: unsigned(self.stands_for),
        }
    }
}

impl UpdateRow {
    fn into_record(self) -> UpdateRecord {
        let what = match self.became.as_str() {
            DEAD => Became::Dead {
                reason: self.reason.unwrap_or_default(),
            },
            REPLIED => Became::Replied {
                calls: u32::try_from(self.calls).unwrap_or(u32::MAX),
            },
            _ => Became::Handled,
        };
        UpdateRecord {
            connection: self.connection_id,
            update_id: self.update_id,
            at: Timestamp::from_unix_us(self.at_us),
            what,
            handler_us: unsigned(self.handler_us),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at_us, self.seq)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let number = |text: &str| text.parse().map_err(|_| InvalidCursor);
        let (at_us, seq) = text.split_once('.').ok_or(InvalidCursor)?;
        Ok(Self {
            at_us: number(at_us)?,
            seq: number(seq)?,
        })
    }
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
