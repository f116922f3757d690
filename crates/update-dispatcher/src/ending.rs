//! What follows from the end of an attempt.

use std::time::Duration;

use clock::Timestamp;

use crate::attempt::Fault;
use crate::item::{Item, LaneId};
use crate::retry::Verdict;
use crate::shared::{Shared, lock};
use crate::telling::{dead_of, retry_of};
use crate::{DeadCause, Outcome, Progress, UpdateRef};

/// The end of an attempt, as the schedule is to know it.
pub(crate) struct Ended {
    pub(crate) lane: LaneId,
    /// The update, if it is to be tried again.
    pub(crate) again: Option<Box<Item>>,
    /// When it was.
    pub(crate) at: Moment,
}

/// A reading of the clock: the time of day, and how long it has run.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Timestamp,
    pub(crate) elapsed: Duration,
}

impl Shared {
    pub(crate) fn moment(&self) -> Moment {
        Moment {
            now: self.clock.now(),
            elapsed: self.clock.elapsed(),
        }
    }

    pub(crate) fn finished(&self, item: Box<Item>, at: Moment) -> Option<Box<Item>> {
        let item = *item;
        let outcome = Outcome {
            update: UpdateRef {
                connection: item.queued.lane.connection,
                update_id: item.queued.update_id,
            },
            took: item.took,
            handled_at: at.now,
            calls: item.calls,
            attempts: item.queued.attempts,
            refused: item.refused,
            sessions: item.sessions,
        };
        self.journal.finished(item.queued.seq, outcome);
        None
    }

    /// Tells the journal of a failed attempt if it is news, and answers the update if there will be another.
    pub(crate) fn failed(
        &self,
        mut item: Box<Item>,
        fault: Fault,
        now: Timestamp,
    ) -> Option<Box<Item>> {
        item.note(fault.retry, &fault.reason, now);
        let (waits, news) = (item.waits(), item.has_news());
        let queued = &mut item.queued;
        match self
            .retry
            .decide(queued, waits, fault.retry, now, &self.entropy)
        {
            Verdict::Again(at) => {
                queued.not_before = Some(at);
                if news {
                    let sessions = std::mem::take(&mut item.sessions);
                    self.told.retry(queued, waits, &fault.reason, at.since(now));
                    self.journal
                        .retry(queued.seq, retry_of(queued, sessions, at, fault.reason));
                }
                Some(item)
            }
            Verdict::Dead(cause) => {
                let cause = if fault.unreadable {
                    DeadCause::Unreadable
                } else {
                    cause
                };
                self.told.dead(queued, &fault.reason, cause);
                let seq = queued.seq;
                self.journal
                    .dead(seq, dead_of(&mut item, cause, fault.reason, now));
                None
            }
        }
    }

    /// The attempt does not count as failed; only what was done in it is told.
    pub(crate) fn interrupted(
        &self,
        mut item: Box<Item>,
        before: Progress,
        now: Timestamp,
    ) -> Option<Box<Item>> {
        let queued = &item.queued;
        if queued.progress != before {
            let sessions = std::mem::take(&mut item.sessions);
            let reason = "broken off by a shutdown".to_owned();
            let retry = retry_of(queued, sessions, now, reason);
            self.journal.retry(queued.seq, retry);
        }
        lock(&self.interrupted).push(queued.seq);
        Some(item)
    }
}
