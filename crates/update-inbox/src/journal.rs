use std::sync::Arc;

use ids::ConnectionId;
use tokio::sync::oneshot;
use update_dispatcher::{Dead, Journal, LaneKey, Outcome, Queued, Retry, Seq, StoredSession};

use crate::ends::End;
use crate::error::{Error, Result};
use crate::intake::Order;
use crate::pending;
use crate::sessions;
use crate::shared::Shared;

/// The inbox as the dispatcher knows it: what became of updates rides in the next commit. Cheap to clone.
///
/// It does not keep the inbox open: when that is closed or dropped, it tells nobody.
#[derive(Clone)]
pub struct InboxJournal(pub(crate) Arc<Shared>);

impl Journal for InboxJournal {
    type Error = Error;

    fn finished(&self, seq: Seq, outcome: Outcome) {
        let sessions = self.0.sessions.tell(seq, outcome.sessions);
        self.0.intake.end(seq, None, sessions);
    }

    fn retry(&self, seq: Seq, mut retry: Retry) {
        let sessions = std::mem::take(&mut retry.sessions);
        let sessions = self.0.sessions.tell(seq, sessions);
        self.0.intake.end(seq, Some(End::Retry(retry)), sessions);
    }

    fn dead(&self, seq: Seq, mut dead: Dead) {
        let sessions = std::mem::take(&mut dead.sessions);
        let sessions = self.0.sessions.tell(seq, sessions);
        self.0.intake.end(seq, Some(End::Dead(dead)), sessions);
    }

    async fn refill(&self, lane: &LaneKey, after: Seq, limit: usize) -> Result<Vec<Queued>> {
        spread(&self.0, false).await?;
        read(&self.0, Scope::Lane(lane), after, limit).await
    }

    async fn backlog(&self, owner: &ConnectionId, after: Seq, limit: usize) -> Result<Vec<Queued>> {
        spread(&self.0, false).await?;
        read(&self.0, Scope::Connection(owner), after, limit).await
    }

    async fn session(&self, lane: &LaneKey, name: &str) -> Result<Option<StoredSession>> {
        // Looked at before the database: what was told shows in one or in the other.
        if let Some(last) = self.0.sessions.find(lane, name) {
            return Ok(last);
        }
        let mut connection = self.0.database.connect().await?;
        Ok(sessions::find(&mut connection, lane, name).await?)
    }
}

impl std::fmt::Debug for InboxJournal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InboxJournal")
    }
}

pub(crate) enum Scope<'a> {
    Connection(&'a ConnectionId),
    Lane(&'a LaneKey),
}

/// Has every update that nobody has in memory read by [`read`]; or all of them. Whatever was handed over before is looked at.
///
/// Fails when it could not be written, and for an inbox that is closed: what would be read then may be less than there is.
pub(crate) async fn spread(shared: &Shared, all: bool) -> Result<()> {
    if !shared.intake.is_open() {
        return Err(Error::Closed);
    }
    let (answer, answered) = oneshot::channel();
    let patient = false;
    shared.intake.order(Order::Spread {
        all,
        patient,
        answer,
    });
    answered.await.map_err(|_| Error::Unavailable)
}

/// The same for what nobody has, however long it takes; it fails when the inbox is closed meanwhile.
pub(crate) async fn spread_patiently(shared: &Shared) -> Result<()> {
    let (answer, answered) = oneshot::channel();
    let (all, patient) = (false, true);
    shared.intake.order(Order::Spread {
        all,
        patient,
        answer,
    });
    answered.await.map_err(|_| Error::Unavailable)
}

/// What is pending after a number, as it will be when everything told is on disk. Shorter than `limit` only at the end.
pub(crate) async fn read(
    shared: &Shared,
    scope: Scope<'_>,
    mut after: Seq,
    limit: usize,
) -> Result<Vec<Queued>> {
    // Looked at before the database: what is told so far shows in one or in the other.
    let unsettled = shared.intake.unsettled();
    let mut connection = shared.database.connect().await?;
    let mut all = Vec::new();
    while all.len() < limit {
        let want = (limit - all.len()).min(PAGE) as i64;
        let page = match scope {
            Scope::Connection(owner) => {
                pending::of_connection(&mut connection, owner, after, want).await?
            }
            Scope::Lane(lane) => pending::of_lane(&mut connection, lane, after, want).await?,
        };
        all.extend(unsettled.correct(page.rows));
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    Ok(all)
}

/// Updates read at once: far below what SQLite can bind.
const PAGE: usize = 500;
