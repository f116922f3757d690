//! What waits to be written: filled by whoever records, emptied by the one thread that writes.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use clock::{Clock, Timestamp};
use tokio::sync::oneshot;

use crate::config::Config;
use crate::folds::{Folded, Folds};
use crate::outcome::Outcome;
use crate::record::{RequestRecord, UpdateRecord};

/// What the log has taken in since it was started. Requests are `queued + folded + overflowed`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Requests that get a row each.
    pub queued: u64,
    /// Requests without proof of their origin that share a row with others like them.
    pub folded: u64,
    /// Requests that came while the queue was full: they share a row with all of their outcome.
    pub overflowed: u64,
    /// Records of what became of an update.
    pub updates: u64,
    /// Such records that came while the queue was full, and are lost.
    pub updates_dropped: u64,
    /// Requests and updates that wait to be written, folds aside.
    pub waiting: usize,
    /// Attempts to write that failed, and were repeated.
    pub failed_writes: u64,
}

pub(crate) struct Queue {
    config: Config,
    clock: Clock,
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    requests: Vec<RequestRecord>,
    updates: Vec<UpdateRecord>,
    folds: Folds,
    overflow: [Option<Folded>; Outcome::ALL.len()],
    flushes: Vec<oneshot::Sender<()>>,
    closed: bool,
    counts: Counts,
}

/// What is written in one go.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) requests: Vec<RequestRecord>,
    pub(crate) updates: Vec<UpdateRecord>,
    pub(crate) folds: Vec<Folded>,
    /// Who waits for this batch to be on disk.
    pub(crate) flushes: Vec<oneshot::Sender<()>>,
}

impl Queue {
    pub(crate) fn new(config: Config, clock: Clock) -> Self {
        let state = State {
            requests: Vec::new(),
            updates: Vec::new(),
            folds: Folds::new(&config),
            overflow: [const { None }; Outcome::ALL.len()],
            flushes: Vec::new(),
            closed: false,
            counts: Counts::default(),
        };
        Self {
            config,
            clock,
            state: Mutex::new(state),
            wake: Condvar::new(),
        }
    }

    pub(crate) fn record(&self, record: RequestRecord) {
        let mut state = self.state();
        let idle = state.is_idle();
        if !record.is_trusted() && !state.folds.admit(&record) {
            state.counts.folded += 1;
        } else if state.closed || state.requests.len() >= self.config.queue {
            state.counts.overflowed += 1;
            state.overflow[record.outcome as usize]
                .get_or_insert_with(|| Folded::empty(&record, None))
                .add(record.bytes, 1);
        } else {
            state.counts.queued += 1;
            state.requests.push(record);
        }
        self.wake_if(idle || state.requests.len() == self.config.batch);
    }

    pub(crate) fn handled(&self, record: UpdateRecord) {
        let mut state = self.state();
        let idle = state.is_idle();
        if state.closed || state.updates.len() >= self.config.queue {
            state.counts.updates_dropped += 1;
        } else {
            state.counts.updates += 1;
            state.updates.push(record);
        }
        self.wake_if(idle || state.updates.len() == self.config.batch);
    }

    /// Told when everything that was recorded before is on disk; dropped when it never will be.
    pub(crate) fn flushed(&self) -> oneshot::Receiver<()> {
        let (done, receiver) = oneshot::channel();
        let mut state = self.state();
        if !state.closed {
            state.flushes.push(done);
        }
        self.wake_if(true);
        receiver
    }

    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.wake_if(true);
    }

    pub(crate) fn counts(&self) -> Counts {
        let state = self.state();
        Counts {
            waiting: state.requests.len() + state.updates.len(),
            ..state.counts
        }
    }

    pub(crate) fn write_failed(&self) {
        self.state().counts.failed_writes += 1;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Blocks until there is something to write and it has waited long enough for company; `None` when the log is
    /// closed and empty.
    pub(crate) fn take(&self) -> Option<Batch> {
        let state = self.state();
        let mut state = self
            .wake
            .wait_while(state, |state| state.is_idle() && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        // By the machine's time on purpose: how long rows are gathered shows in no record, and a clock that a test holds
        // still must not hold them back.
        if !state.presses(self.config.batch) {
            (state, _) = self
                .wake
                .wait_timeout_while(state, self.config.linger, |state| {
                    !state.presses(self.config.batch)
                })
                .unwrap_or_else(PoisonError::into_inner);
        }
        let batch = state.take(self.clock.now());
        (!batch.is_empty() || !state.closed).then_some(batch)
    }

    /// Blocks for so long, or until the log is closed.
    pub(crate) fn pause(&self, span: std::time::Duration) {
        let state = self.state();
        let _woken = self
            .wake
            .wait_timeout_while(state, span, |state| !state.closed);
    }

    fn wake_if(&self, yes: bool) {
        if yes {
            self.wake.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.requests.is_empty()
            && self.updates.is_empty()
            && self.folds.is_empty()
            && self.flushes.is_empty()
            && self.overflow.iter().all(Option::is_none)
    }

    /// Whether what waits should be written now.
    fn presses(&self, batch: usize) -> bool {
        self.closed
            || !self.flushes.is_empty()
            || self.requests.len() >= batch
            || self.updates.len() >= batch
    }

    fn take(&mut self, now: Timestamp) -> Batch {
        let all = self.closed || !self.flushes.is_empty();
        let mut folds = self.folds.take(now, all);
        folds.extend(self.overflow.iter_mut().filter_map(Option::take));
        Batch {
            requests: std::mem::take(&mut self.requests),
            updates: std::mem::take(&mut self.updates),
            folds,
            flushes: std::mem::take(&mut self.flushes),
        }
    }
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.requests.is_empty()
            && self.updates.is_empty()
            && self.folds.is_empty()
            && self.flushes.is_empty()
    }
}
