//! The journal and the performer without their types, so that the dispatcher has no type parameters.

use std::pin::Pin;

use telegram_bot_api::Call;

use crate::schedule::{Ask, Subject};
use crate::session::ReadingSession;
use crate::{Dead, Failure, Journal, LaneKey, Outcome, Perform, Queued, Retry, Seq, StageError};
use ids::ConnectionId;

pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub(crate) trait AnyJournal: Send + Sync {
    fn finished(&self, seq: Seq, outcome: Outcome);
    fn retry(&self, seq: Seq, retry: Retry);
    fn dead(&self, seq: Seq, dead: Dead);
    /// What the journal answers, or why it did not.
    fn answer<'a>(&'a self, ask: &'a Ask) -> Boxed<'a, Result<Vec<Queued>, String>>;
    fn session<'a>(&'a self, lane: &'a LaneKey, name: &'a str) -> ReadingSession<'a>;
}

pub(crate) trait AnyPerform: Send + Sync {
    fn perform<'a>(
        &'a self,
        connection: &'a ConnectionId,
        call: &'a Call,
    ) -> Boxed<'a, Result<(), Failure>>;
}

impl<J: Journal> AnyJournal for J {
    fn finished(&self, seq: Seq, outcome: Outcome) {
        Journal::finished(self, seq, outcome);
    }

    fn retry(&self, seq: Seq, retry: Retry) {
        Journal::retry(self, seq, retry);
    }

    fn dead(&self, seq: Seq, dead: Dead) {
        Journal::dead(self, seq, dead);
    }

    fn answer<'a>(&'a self, ask: &'a Ask) -> Boxed<'a, Result<Vec<Queued>, String>> {
        Box::pin(async move {
            let rows = match &ask.subject {
                Subject::Lane(lane) => self.refill(lane, ask.after, ask.limit).await,
                Subject::Connection(connection) => {
                    self.backlog(connection, ask.after, ask.limit).await
                }
            };
            rows.map_err(|error| StageError::from(error).reason)
        })
    }

    fn session<'a>(&'a self, lane: &'a LaneKey, name: &'a str) -> ReadingSession<'a> {
        Box::pin(async move {
            let found = Journal::session(self, lane, name).await;
            found.map_err(|error| StageError::from(error).reason)
        })
    }
}

impl<P: Perform> AnyPerform for P {
    fn perform<'a>(
        &'a self,
        connection: &'a ConnectionId,
        call: &'a Call,
    ) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(Perform::perform(self, connection, call))
    }
}
