use std::sync::Arc;

use ids::ConnectionId;
use update_dispatcher::{Dead, Journal, LaneKey, Outcome, Queued, Retry, Seq, StoredSession};

use crate::error::{Error, Result};
use crate::intake::End;
use crate::pending;
use crate::shared::Shared;

/// The inbox as the dispatcher knows it: what became of updates rides in the next commit. Cheap to clone.
///
/// It does not keep the inbox open: when that is closed or dropped, it tells nobody.
#[derive(Clone)]
pub struct InboxJournal(pub(crate) Arc<Shared>);

impl Journal for InboxJournal {
    type Error = Error;

    fn finished(&self, seq: Seq, _outcome: Outcome) {
        self.0.intake.end(seq, End::Finished);
    }

    fn retry(&self, seq: Seq, retry: Retry) {
        self.0.intake.end(seq, End::Retry(retry));
    }

    fn dead(&self, seq: Seq, dead: Dead) {
        self.0.intake.end(seq, End::Dead(dead));
    }

    async fn refill(&self, lane: &LaneKey, after: Seq, limit: usize) -> Result<Vec<Queued>> {
        read(&self.0, Scope::Lane(lane), after, limit).await
    }

    async fn backlog(&self, owner: &ConnectionId, after: Seq, limit: usize) -> Result<Vec<Queued>> {
        read(&self.0, Scope::Connection(owner), after, limit).await
    }

    async fn session(&self, _lane: &LaneKey, _name: &str) -> Result<Option<StoredSession>> {
        Ok(None)
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
