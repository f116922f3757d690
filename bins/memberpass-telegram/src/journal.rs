//! What became of an update goes two ways: into the inbox, and beside its request into the request log.

use std::time::Duration;

use clock::Timestamp;
use ids::ConnectionId;
use request_log::{Became, RequestLog, UpdateRecord};
use update_dispatcher::{
    Dead, Journal, LaneKey, Outcome, Queued, Retry, Seq, StoredSession, UpdateRef,
};
use update_inbox::InboxJournal;

/// The inbox's journal, overheard by the request log.
pub(crate) struct LoggedJournal {
    pub(crate) inbox: InboxJournal,
    pub(crate) log: RequestLog,
}

impl Journal for LoggedJournal {
    type Error = update_inbox::Error;

    fn finished(&self, seq: Seq, outcome: Outcome) {
        let what = match outcome.calls {
            0 => Became::Handled,
            calls => Became::Replied { calls },
        };
        self.log.handled(record(
            &outcome.update,
            outcome.handled_at,
            what,
            outcome.took,
        ));
        self.inbox.finished(seq, outcome);
    }

    fn retry(&self, seq: Seq, retry: Retry) {
        self.inbox.retry(seq, retry);
    }

    fn dead(&self, seq: Seq, dead: Dead) {
        let what = Became::Dead {
            reason: dead.reason.clone(),
        };
        self.log
            .handled(record(&dead.update, dead.dead_at, what, dead.took));
        self.inbox.dead(seq, dead);
    }

    async fn refill(
        &self,
        lane: &LaneKey,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Queued>, Self::Error> {
        self.inbox.refill(lane, after, limit).await
    }

    async fn backlog(
        &self,
        owner: &ConnectionId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Queued>, Self::Error> {
        self.inbox.backlog(owner, after, limit).await
    }

    async fn session(
        &self,
        lane: &LaneKey,
        name: &str,
    ) -> Result<Option<StoredSession>, Self::Error> {
        self.inbox.session(lane, name).await
    }
}

fn record(update: &UpdateRef, at: Timestamp, what: Became, took: Duration) -> UpdateRecord {
    UpdateRecord {
        connection: update.connection.clone(),
        update_id: update.update_id.value(),
        at,
        what,
        handler_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
    }
}
