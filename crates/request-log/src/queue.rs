//! What waits to be written: filled by whoever records, emptied by the one thread that writes.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use clock::{Clock, Timestamp};
use tokio::sync::oneshot;

use crate::config::Config;
use crate::folds::{Folded, Folds};
use crate::outcome::Outcome;
use crate::waiting::{WaitingRequest, WaitingUpdate};

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
    /// Records of either sort that were not shown to the observers, because too many waited for that.
    pub unseen: u64,
    /// Requests and updates that wait to be written, folds aside.
    pub waiting: usize,
    /// Attempts to write that failed, and were repeated.
    pub failed_writes: u64,
    /// How many requests ended how, in the order of [`Outcome::ALL`].
    pub outcomes: [u64; Outcome::ALL.len()],
}

pub(crate) struct Queue {
    config: Config,
    clock: Clock,
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    requests: Vec<WaitingRequest>,
    updates: Vec<WaitingUpdate>,
    folds: Folds,
    overflow: [Option<Folded>; Outcome::ALL.len()],
    flushes: Vec<oneshot::Sender<()>>,
    closed: bool,
    /// The writer sleeps until there is something to write. Waking it is a call to the system: not for every record.
    sleeping: bool,
    counts: Counts,
}

/// What is written in one go.
pub(crate) struct Batch {
    pub(crate) requests: Vec<WaitingRequest>,
    pub(crate) updates: Vec<WaitingUpdate>,
    pub(crate) folds: Vec<Folded>,
    /// Who waits for this batch to be on disk.
    pub(crate) flushes: Vec<oneshot::Sender<()>>,
    /// When it was taken.
    pub(crate) at: Timestamp,
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
            sleeping: false,
            counts: Counts::default(),
        };
        Self {
            config,
            clock,
            state: Mutex::new(state),
            wake: Condvar::new(),
        }
    }

    pub(crate) fn record(&self, record: WaitingRequest) {
        let mut state = self.state();
        let (mut is_full, mut lost) = (false, None);
        state.counts.outcomes[usize::from(record.outcome.code())] += 1;
        if !record.proved && !state.folds.admit(&record) {
            state.counts.folded += 1;
        } else if state.closed || state.requests.len() >= self.config.queue {
            state.counts.overflowed += 1;
            lost = state.lost();
            state.overflow[usize::from(record.outcome.code())]
                .get_or_insert_with(|| Folded::empty(&record, None))
                .add(record.bytes, 1);
        } else {
            state.counts.queued += 1;
            state.requests.push(record);
            is_full = state.waiting() == self.config.batch;
        }
        self.wake_if(is_full, state);
        warn_of(lost);
    }

    pub(crate) fn handled(&self, record: WaitingUpdate) {
        let mut state = self.state();
        let (mut is_full, mut lost) = (false, None);
        if state.closed || state.updates.len() >= self.config.queue {
            state.counts.updates_dropped += 1;
            lost = state.lost();
        } else {
            state.counts.updates += 1;
            state.updates.push(record);
            is_full = state.waiting() == self.config.batch;
        }
        self.wake_if(is_full, state);
        warn_of(lost);
    }

    /// Told when everything that was recorded before is on disk; dropped when it never will be.
    pub(crate) fn flushed(&self) -> oneshot::Receiver<()> {
        let (done, receiver) = oneshot::channel();
        let mut state = self.state();
        if !state.closed {
            state.flushes.push(done);
        }
        self.wake_if(true, state);
        receiver
    }

    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        self.wake_if(true, state);
    }

    pub(crate) fn counts(&self) -> Counts {
        let state = self.state();
        Counts {
            waiting: state.waiting(),
            ..state.counts
        }
    }

    pub(crate) fn write_failed(&self) {
        self.state().counts.failed_writes += 1;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Blocks until there is something to write and it has waited long enough for company, and fills an empty batch with
    /// it; `false` when the log is closed and empty.
    pub(crate) fn take(&self, batch: &mut Batch) -> bool {
        let state = self.state();
        let mut state = self
            .wake
            .wait_while(state, |state| {
                state.sleeping = state.is_idle() && !state.closed;
                state.sleeping
            })
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
        state.take(self.clock.now(), batch);
        !batch.is_empty() || !state.closed
    }

    /// Blocks for so long, or until the log is closed.
    pub(crate) fn pause(&self, span: std::time::Duration) {
        let state = self.state();
        let _woken = self
            .wake
            .wait_timeout_while(state, span, |state| !state.closed);
    }

    fn wake_if(&self, yes: bool, mut state: MutexGuard<'_, State>) {
        if yes || state.sleeping {
            state.sleeping = false;
            drop(state);
            self.wake.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn waiting(&self) -> usize {
        self.requests.len() + self.updates.len()
    }

    /// The counts, when it is time to say that the queue is full: at the first loss, the second, the fourth and so on.
    fn lost(&self) -> Option<Counts> {
        let losses = self.counts.overflowed + self.counts.updates_dropped;
        (!self.closed && losses.is_power_of_two()).then_some(self.counts)
    }

    fn is_idle(&self) -> bool {
        self.waiting() == 0
            && self.folds.is_empty()
            && self.flushes.is_empty()
            && self.overflow.iter().all(Option::is_none)
    }

    /// Whether what waits should be written now.
    fn presses(&self, batch: usize) -> bool {
        self.closed || !self.flushes.is_empty() || self.waiting() >= batch
    }

    fn take(&mut self, now: Timestamp, batch: &mut Batch) {
        let all = self.closed || !self.flushes.is_empty();
        batch.folds = self.folds.take(now, all);
        batch
            .folds
            .extend(self.overflow.iter_mut().filter_map(Option::take));
        // The memory goes back and forth: nobody who records waits for it to be made.
        std::mem::swap(&mut self.requests, &mut batch.requests);
        std::mem::swap(&mut self.updates, &mut batch.updates);
        std::mem::swap(&mut self.flushes, &mut batch.flushes);
        batch.at = now;
    }
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            requests: Vec::new(),
            updates: Vec::new(),
            folds: Vec::new(),
            flushes: Vec::new(),
            at: Timestamp::from_unix_us(0),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requests.is_empty()
            && self.updates.is_empty()
            && self.folds.is_empty()
            && self.flushes.is_empty()
    }

    /// Empties it, and answers who waited for it. Memory for much more than it held is given back.
    pub(crate) fn finish(&mut self) -> impl Iterator<Item = oneshot::Sender<()>> {
        empty(&mut self.requests);
        empty(&mut self.updates);
        self.folds.clear();
        self.flushes.drain(..)
    }
}

/// To be called without the lock: whoever reads the log may be slow.
fn warn_of(lost: Option<Counts>) {
    if let Some(counts) = lost {
        let (requests, updates) = (counts.overflowed, counts.updates_dropped);
        tracing::warn!(
            requests,
            updates,
            "request log is full: so many requests lost their details, and so many updates what became of them"
        );
    }
}

fn empty<T>(records: &mut Vec<T>) {
    let used = records.len();
    records.clear();
    if used < records.capacity() / 8 {
        records.shrink_to((used * 2).max(64));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ids::ConnectionId;

    use crate::record::{Became, UpdateRecord};

    use super::*;

    #[test]
    fn what_is_lost_is_told_at_powers_of_two() {
        let config = Config {
            queue: 1,
            ..Config::default()
        };
        let queue = Queue::new(config, Clock::manual().0);
        let record = WaitingUpdate::of(UpdateRecord {
            connection: ConnectionId::from_parts(1, [1; 10]),
            update_id: 1,
            at: Timestamp::from_unix_us(0),
            what: Became::Handled,
            handler_us: 1,
        });
        let (lines, writer) = std::io::pipe().unwrap();
        let log = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(Arc::new(writer));
        tracing::subscriber::with_default(log.finish(), || {
            for _ in 0..10 {
                queue.handled(record.clone());
            }
            queue.close();
            // What comes too late is no news.
            (0..10).for_each(|_| queue.handled(record.clone()));
        });
        assert_eq!(queue.counts().updates_dropped, 19);
        let lines = std::io::read_to_string(lines).unwrap();
        let told: Vec<_> = (lines.lines())
            .filter_map(|line| line.split_once("updates="))
            .map(|(_, updates)| updates.trim().parse::<u64>().unwrap())
            .collect();
        assert_eq!(told, [1, 2, 4, 8]);
    }
}
