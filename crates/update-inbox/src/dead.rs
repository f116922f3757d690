//! Dead letters, and genuine requests that could not be read.

use clock::Timestamp;
use diesel::prelude::*;
use ids::ConnectionId;
use store::{Columns as _, Connection, WriterConnection};
use telegram_bot_api::{UpdateId, UpdateKind};
use update_dispatcher::{Attempt, Dead, Lane, Progress, Queued, Seq, is_urgent};

use crate::pending;
use crate::rows::{Body, count, history, history_text, lane, progress, text};
use crate::schema::{inbox_dead, inbox_quarantine, octet_length};

/// An update whose handling failed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its number: what [`Inbox::dead_replay`](crate::Inbox::dead_replay) takes.
    pub seq: Seq,
    /// Whose update it is.
    pub connection: ConnectionId,
    /// Telegram's number for it.
    pub update_id: UpdateId,
    /// What it is about.
    pub kind: UpdateKind,
    /// The lane it was in.
    pub lane: Lane,
    /// When it came, or was last replayed.
    pub received_at: Timestamp,
    /// When it was given up.
    pub died_at: Timestamp,
    /// What kind of end it was: a [`DeadCause`](update_dispatcher::DeadCause) by name.
    pub cause: String,
    /// Why the last attempt failed, in a sentence.
    pub reason: String,
    /// How many attempts failed.
    pub attempts: u32,
    /// How far it came.
    pub progress: Progress,
    /// The last failed attempts, oldest first.
    pub history: Vec<Attempt>,
    /// How long its body is.
    pub body_bytes: usize,
}

/// A genuine request that could not be read as an update. It was acknowledged: a refusal would freeze the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its number.
    pub seq: Seq,
    /// Whose request it was.
    pub connection: ConnectionId,
    /// When it came.
    pub received_at: Timestamp,
    /// Why it could not be read.
    pub reason: String,
    /// How long its body is.
    pub body_bytes: usize,
}

/// Moves a pending update to the dead letters; nothing when it is not pending.
pub(crate) fn bury(writer: &mut WriterConnection, seq: Seq, dead: &Dead) -> store::Result<()> {
    let Some(row) = pending::find(writer, seq)? else {
        return Ok(());
    };
    let dead = DeadRow {
        seq: row.seq,
        connection_id: row.connection_id,
        update_id: row.update_id,
        kind: row.kind,
        lane: row.lane,
        received_at_us: row.received_at_us,
        died_at_us: dead.dead_at.unix_us(),
        cause: dead.cause.as_str().to_owned(),
        reason: text(&dead.reason),
        attempts: count(dead.attempts),
        stage: count(dead.progress.stage),
        effect: count(dead.progress.effect),
        history: history_text(&dead.history),
        body: row.body,
    };
    writer.run(diesel::insert_into(inbox_dead::table).values(dead))?;
    pending::delete(writer, &[seq.value()])
}

/// Takes a dead letter out, to begin anew with another number; nothing when there is none.
pub(crate) fn raise(
    writer: &mut WriterConnection,
    seq: Seq,
    renewed: Seq,
    now: Timestamp,
) -> store::Result<Option<Queued>> {
    let letter = inbox_dead::table
        .find(seq.value())
        .select(DeadRow::columns());
    let Some(row) = writer.fetch_optional::<DeadRow, _>(letter)? else {
        return Ok(None);
    };
    writer.run(diesel::delete(inbox_dead::table.find(seq.value())))?;
    let kind = UpdateKind::from(row.kind.as_str());
    Ok(Some(Queued {
        seq: renewed,
        lane: lane(row.connection_id, &row.lane, &kind),
        update_id: UpdateId(row.update_id),
        urgent: is_urgent(&kind),
        kind,
        // Its time begins anew too, or it would be given up as too old at the first failure.
        received_at: now,
        body: row.body.0,
        progress: progress(row.stage, row.effect),
        attempts: 0,
        not_before: None,
        history: history(row.history.as_deref()),
    }))
}

pub(crate) async fn list(
    connection: &mut Connection,
    owner: Option<&ConnectionId>,
    after: Seq,
    limit: i64,
) -> store::Result<Vec<DeadLetter>> {
    let page = inbox_dead::table
        .filter(inbox_dead::seq.gt(after.value()))
        .order(inbox_dead::seq)
        .limit(limit)
        .select(Facts::columns());
    let rows: Vec<Facts> = match owner {
        Some(owner) => {
            connection
                .fetch(page.filter(inbox_dead::connection_id.eq(owner.clone())))
                .await?
        }
        None => connection.fetch(page).await?,
    };
    Ok(rows.into_iter().map(DeadLetter::from).collect())
}

/// How many dead letters there are, and how many requests in quarantine.
pub(crate) async fn counts(connection: &mut Connection) -> store::Result<(u64, u64)> {
    let dead: i64 = connection.fetch_one(inbox_dead::table.count()).await?;
    let quarantined: i64 = connection
        .fetch_one(inbox_quarantine::table.count())
        .await?;
    Ok((dead.unsigned_abs(), quarantined.unsigned_abs()))
}

pub(crate) fn quarantine(writer: &mut WriterConnection, row: QuarantineRow) -> store::Result<()> {
    writer
        .run(diesel::insert_into(inbox_quarantine::table).values(row))
        .map(drop)
}

pub(crate) async fn quarantined(
    connection: &mut Connection,
    owner: Option<&ConnectionId>,
    after: Seq,
    limit: i64,
) -> store::Result<Vec<Quarantined>> {
    let page = inbox_quarantine::table
        .filter(inbox_quarantine::seq.gt(after.value()))
        .order(inbox_quarantine::seq)
        .limit(limit)
        .select(QuarantineFacts::columns());
    let rows: Vec<QuarantineFacts> = match owner {
        Some(owner) => {
            connection
                .fetch(page.filter(inbox_quarantine::connection_id.eq(owner.clone())))
                .await?
        }
        None => connection.fetch(page).await?,
    };
    Ok(rows.into_iter().map(Quarantined::from).collect())
}

#[derive(Insertable)]
#[diesel(table_name = inbox_quarantine, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
pub(crate) struct QuarantineRow {
    pub(crate) seq: i64,
    pub(crate) connection_id: ConnectionId,
    pub(crate) received_at_us: i64,
    pub(crate) reason: String,
    pub(crate) body: Body,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = inbox_dead, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
#[diesel(treat_none_as_default_value = false)]
struct DeadRow {
    seq: i64,
    connection_id: ConnectionId,
    update_id: i64,
    kind: String,
    lane: String,
    received_at_us: i64,
    died_at_us: i64,
    cause: String,
    reason: String,
    attempts: i32,
    stage: i32,
    effect: i32,
    history: Option<String>,
    body: Body,
}

/// A dead letter without its body: a list of many must not read them.
#[derive(Queryable, Selectable)]
#[diesel(table_name = inbox_dead, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
pub(crate) struct Facts {
    seq: i64,
    connection_id: ConnectionId,
    update_id: i64,
    kind: String,
    lane: String,
    received_at_us: i64,
    died_at_us: i64,
    cause: String,
    reason: String,
    attempts: i32,
    stage: i32,
    effect: i32,
    history: Option<String>,
    #[diesel(select_expression = octet_length(inbox_dead::body))]
    body_bytes: i32,
}

/// An unreadable request without its body.
#[derive(Queryable, Selectable)]
#[diesel(table_name = inbox_quarantine, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
pub(crate) struct QuarantineFacts {
    seq: i64,
    connection_id: ConnectionId,
    received_at_us: i64,
    reason: String,
    #[diesel(select_expression = octet_length(inbox_quarantine::body))]
    body_bytes: i32,
}

impl From<Facts> for DeadLetter {
    fn from(row: Facts) -> Self {
        let kind = UpdateKind::from(row.kind.as_str());
        let key = lane(row.connection_id, &row.lane, &kind);
        Self {
            seq: Seq::new(row.seq),
            connection: key.connection,
            update_id: UpdateId(row.update_id),
            kind,
            lane: key.lane,
            received_at: Timestamp::from_unix_us(row.received_at_us),
            died_at: Timestamp::from_unix_us(row.died_at_us),
            cause: row.cause,
            reason: row.reason,
            attempts: row.attempts.unsigned_abs(),
            progress: progress(row.stage, row.effect),
            history: history(row.history.as_deref()),
            body_bytes: usize::try_from(row.body_bytes).unwrap_or(0),
        }
    }
}

impl From<QuarantineFacts> for Quarantined {
    fn from(row: QuarantineFacts) -> Self {
        Self {
            seq: Seq::new(row.seq),
            connection: row.connection_id,
            received_at: Timestamp::from_unix_us(row.received_at_us),
            reason: row.reason,
            body_bytes: usize::try_from(row.body_bytes).unwrap_or(0),
        }
    }
}
