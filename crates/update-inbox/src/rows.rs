//! What the columns of the inbox's tables hold, and how an update is made of them again.

use bytes::Bytes;
use clock::Timestamp;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Binary;
use ids::ConnectionId;
use telegram_bot_api::{UpdateId, UpdateKind};
use update_dispatcher::{Attempt, Lane, LaneKey, Progress, Queued, Seq};

use crate::schema::inbox_pending;

/// A row of `inbox_pending`.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = inbox_pending, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct PendingRow {
    pub(crate) seq: i64,
    pub(crate) connection_id: ConnectionId,
    pub(crate) update_id: i64,
    pub(crate) kind: String,
    pub(crate) lane: String,
    pub(crate) urgent: bool,
    pub(crate) received_at_us: i64,
    pub(crate) expires_at_us: i64,
    pub(crate) attempts: i32,
    pub(crate) not_before_us: Option<i64>,
    pub(crate) stage: i32,
    pub(crate) effect: i32,
    pub(crate) history: Option<String>,
    pub(crate) body: Body,
}

impl From<&Queued> for PendingRow {
    fn from(queued: &Queued) -> Self {
        Self {
            seq: queued.seq.value(),
            connection_id: queued.lane.connection.clone(),
            update_id: queued.update_id.value(),
            kind: text(queued.kind.as_str()),
            lane: text(&queued.lane.lane.to_string()),
            urgent: queued.urgent,
            received_at_us: queued.received_at.unix_us(),
            expires_at_us: queued.expires_at().unix_us(),
            attempts: count(queued.attempts),
            not_before_us: queued.not_before.map(Timestamp::unix_us),
            stage: count(queued.progress.stage),
            effect: count(queued.progress.effect),
            history: history_text(&queued.history),
            body: Body(queued.body.clone()),
        }
    }
}

impl From<PendingRow> for Queued {
    fn from(row: PendingRow) -> Self {
        let kind = UpdateKind::from(row.kind.as_str());
        Self {
            seq: Seq::new(row.seq),
            lane: lane(row.connection_id, &row.lane, &kind),
            update_id: UpdateId(row.update_id),
            kind,
            urgent: row.urgent,
            received_at: Timestamp::from_unix_us(row.received_at_us),
            body: row.body.0,
            progress: progress(row.stage, row.effect),
            attempts: row.attempts.unsigned_abs(),
            not_before: row.not_before_us.map(Timestamp::from_unix_us),
            history: history(row.history.as_deref()),
        }
    }
}

/// A lane that cannot be read again would hold up all after it; the lane of its kind is the next best.
pub(crate) fn lane(connection: ConnectionId, text: &str, kind: &UpdateKind) -> LaneKey {
    LaneKey::new(
        connection,
        text.parse().unwrap_or_else(|_| Lane::Kind(kind.clone())),
    )
}

pub(crate) fn progress(stage: i32, effect: i32) -> Progress {
    Progress {
        stage: stage.unsigned_abs(),
        effect: effect.unsigned_abs(),
    }
}

pub(crate) fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Postgres takes no NUL in a text, and one that fails would fail all in its commit.
pub(crate) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The last attempts as JSON; nothing where there was none.
pub(crate) fn history_text(history: &[Attempt]) -> Option<String> {
    let last = &history[history.len().saturating_sub(KEPT_ATTEMPTS)..];
    if last.is_empty() {
        None
    } else {
        serde_json::to_string(last).ok()
    }
}

pub(crate) fn history(text: Option<&str>) -> Vec<Attempt> {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

const KEPT_ATTEMPTS: usize = 20;

/// Bytes as a column, without a copy on the way in.
#[derive(Clone, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub(crate) struct Body(pub(crate) Bytes);

impl<DB: Backend> ToSql<Binary, DB> for Body
where
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        <[u8] as ToSql<Binary, DB>>::to_sql(&self.0, out)
    }
}

impl<DB: Backend> FromSql<Binary, DB> for Body
where
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(
            <Vec<u8> as FromSql<Binary, DB>>::from_sql(raw)?.into(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_database_could_take_is_replaced() {
        assert_eq!(text("a\0b"), "a\u{fffd}b");
        let attempt = Attempt {
            number: 1,
            failed_at_unix_ms: 5,
            progress: Progress::default(),
            reason: "a\0b".into(),
        };
        let stored = history_text(std::slice::from_ref(&attempt)).unwrap();
        assert!(!stored.contains('\0'));
        assert_eq!(history(Some(&stored)), [attempt]);
        assert_eq!(history(Some("nonsense")), []);
        assert_eq!(history_text(&[]), None);
    }
}
