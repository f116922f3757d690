//! An update in memory, with what is left to do of it.

use std::collections::VecDeque;
use std::time::Duration;

use clock::Timestamp;
use telegram_bot_api::Call;

use crate::{Attempt, Flow, Progress, Queued, RefusedCall, RetryWhen, SessionChange, UpdateRef};

/// How many failures of an update are remembered.
const HISTORY_KEPT: usize = 20;

/// An update in memory. Boxed wherever it is kept: it moves between queues and tasks.
pub(crate) struct Item {
    pub(crate) queued: Queued,
    /// The lane that it is in. It is true as long as the item is in the schedule or runs.
    pub(crate) lane: LaneId,
    /// Whether its lane was in the urgent line when it was started.
    pub(crate) hurries: bool,
    /// What is left of the stage at `queued.progress`, if that has run in this process.
    pub(crate) rest: Option<Rest>,
    /// How long this process was at work on it.
    pub(crate) took: Duration,
    /// Calls made in this process.
    pub(crate) calls: u32,
    /// The first few of them that were refused.
    pub(crate) refused: Vec<RefusedCall>,
    /// What stages that are done want to be remembered, as far as the journal was not told.
    pub(crate) sessions: Vec<SessionChange>,
    /// Failures that did not count, at one place, with nothing between them.
    waits: Waits,
}

/// A lane while something of it is in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LaneId(pub(crate) u32);

#[derive(Default)]
struct Waits {
    count: u32,
    at: Progress,
}

/// What is left of a stage that has run.
pub(crate) struct Rest {
    pub(crate) calls: VecDeque<Call>,
    pub(crate) flow: Flow,
    /// What it wants to be remembered when its calls are made.
    pub(crate) sessions: Vec<SessionChange>,
}

impl Item {
    pub(crate) fn new(queued: Queued) -> Box<Self> {
        Box::new(Self {
            queued,
            lane: LaneId::default(),
            hurries: false,
            rest: None,
            took: Duration::ZERO,
            calls: 0,
            refused: Vec::new(),
            sessions: Vec::new(),
            waits: Waits::default(),
        })
    }

    /// Notes a failure. One that does not count takes the place of its equal before it, so that an outage of a day is a
    /// line or two of history.
    pub(crate) fn note(&mut self, retry: RetryWhen, reason: &str, now: Timestamp) {
        let queued = &mut self.queued;
        let failure = Attempt {
            number: queued.attempts.saturating_add(1),
            failed_at_unix_ms: now.unix_ms(),
            progress: queued.progress,
            reason: reason.to_owned(),
        };
        let mut folds = false;
        if matches!(retry, RetryWhen::Waiting { .. }) {
            let goes_on = self.waits.count > 0 && self.waits.at == failure.progress;
            self.waits = Waits {
                count: if goes_on {
                    self.waits.count.saturating_add(1)
                } else {
                    1
                },
                at: failure.progress,
            };
            let last = queued.history.last();
            folds = goes_on && last.is_some_and(|last| last.reason == failure.reason);
        } else {
            queued.attempts = failure.number;
            self.waits = Waits::default();
        }
        if folds || queued.history.len() >= HISTORY_KEPT {
            let goes = if folds { queued.history.len() - 1 } else { 0 };
            queued.history.remove(goes);
        }
        queued.history.push(failure);
    }

    /// How many failures in a row did not count.
    pub(crate) fn waits(&self) -> u32 {
        self.waits.count
    }

    /// Whether the last failure is news. What stages want to be remembered always is. Of a row of those that do not count the 1st, 2nd, 4th, 8th … are: when Telegram is
    /// down, all that waits for it would flood the journal and the log.
    pub(crate) fn has_news(&self) -> bool {
        self.waits.count == 0 || !self.sessions.is_empty() || self.waits.count.is_power_of_two()
    }

    pub(crate) fn update(&self) -> UpdateRef {
        UpdateRef {
            connection: self.queued.lane.connection.clone(),
            update_id: self.queued.update_id,
        }
    }
}
