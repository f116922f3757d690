//! What all clones of a dispatcher and all that runs for it share: the schedule under its lock, and what follows from a
//! change of it.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clock::{Clock, Entropy, Timestamp};
use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::attempt::Handling;
use crate::erased::AnyJournal;
use crate::item::Item;
use crate::schedule::{Ask, Schedule, Shift};
use crate::telling::Told;
use crate::{RetryPolicy, Seq};

pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    pub(crate) handling: Handling,
    pub(crate) journal: Arc<dyn AnyJournal>,
    pub(crate) retry: RetryPolicy,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) runtime: Handle,
    /// The earliest alarm is earlier than the timer knows.
    pub(crate) earlier: Notify,
    pub(crate) room: Notify,
    /// Nothing runs, and nothing will.
    pub(crate) quiet: Notify,
    /// Breaks off whatever runs.
    pub(crate) interrupt: CancellationToken,
    /// Seqs of attempts that were broken off.
    pub(crate) interrupted: Mutex<Vec<Seq>>,
    /// Failures that the operator hears of.
    pub(crate) told: Told,
}

pub(crate) struct State {
    pub(crate) schedule: Schedule,
    /// What the schedule has started and nobody has begun with.
    pub(crate) started: Started,
    /// Somebody will look at what was started. It is so whenever there is any and the lock is free.
    pub(crate) runner_comes: bool,
    /// When the timer will look.
    timer_at: Option<Timestamp>,
    /// What the clock showed when it began to run, as it is set now.
    began: Timestamp,
}

/// What waits for a runner: first what stood in the urgent line.
#[derive(Default)]
pub(crate) struct Started {
    urgent: VecDeque<Box<Item>>,
    normal: VecDeque<Box<Item>>,
}

/// What is to be done after a change, without the lock.
pub(crate) struct Follows {
    asks: Vec<Ask>,
    earlier: bool,
    room: bool,
    quiet: bool,
}

impl Shared {
    /// Changes the schedule, then does what follows from it.
    pub(crate) fn change<T>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut Schedule, Timestamp) -> T,
    ) -> T {
        let (now, elapsed) = (self.clock.now(), self.clock.elapsed());
        let mut state = self.lock();
        state.notice(now, elapsed);
        let answer = change(&mut state.schedule, now);
        let follows = state.follows(now);
        let calls = !state.started.is_empty() && !state.runner_comes;
        state.runner_comes |= calls;
        drop(state);
        if calls {
            self.send_runner();
        }
        self.follow(follows);
        answer
    }

    /// Does what follows from a change.
    pub(crate) fn follow(self: &Arc<Self>, follows: Follows) {
        let Follows {
            asks,
            earlier,
            room,
            quiet,
        } = follows;
        for (woken, notify) in [(room, &self.room), (quiet, &self.quiet)] {
            if woken {
                notify.notify_waiters();
            }
        }
        if earlier {
            self.earlier.notify_one();
        }
        for ask in asks {
            self.runtime.spawn(Arc::clone(self).answer(ask));
        }
    }

    async fn answer(self: Arc<Self>, ask: Ask) {
        let answer = AssertUnwindSafe(self.journal.answer(&ask)).catch_unwind();
        let rows = match self.interrupt.run_until_cancelled(answer).await {
            Some(Ok(Ok(rows))) => Some(rows),
            Some(Ok(Err(error))) => {
                tracing::warn!(error, "journal cannot be read");
                None
            }
            Some(Err(_)) | None => None,
        };
        self.change(|schedule, now| schedule.answered(ask.id, rows, now));
    }

    pub(crate) async fn watch_alarms(self: Arc<Self>) {
        loop {
            let left = {
                let (now, elapsed) = (self.clock.now(), self.clock.elapsed());
                let mut state = self.lock();
                state.notice(now, elapsed);
                state.timer_at = state.schedule.wake_at();
                state.timer_at.map(|at| at.since(now))
            };
            let due = async {
                match left {
                    Some(left) => self.clock.sleep(left).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => self.change(Schedule::tick),
                () = self.earlier.notified() => {}
                () = self.interrupt.cancelled() => return,
            }
            if self.lock().schedule.is_closed() {
                return;
            }
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    pub(crate) fn new(schedule: Schedule, began: Timestamp) -> Self {
        Self {
            schedule,
            started: Started::default(),
            runner_comes: false,
            timer_at: None,
            began,
        }
    }

    /// Looks at the clock. When it was set, what waits for a time of day waits no longer for that, and no shorter.
    pub(crate) fn notice(&mut self, now: Timestamp, elapsed: Duration) {
        let began = now - elapsed;
        let shift = Shift::between(self.began, began);
        if shift.is_less_than(SET) {
            return;
        }
        tracing::info!(
            ?shift,
            "the clock was set: what waits goes on waiting for as long as before"
        );
        self.began = began;
        self.timer_at = self.timer_at.map(|at| shift.of(at));
        self.schedule.clock_was_set(shift);
    }

    /// Starts what may start, and answers what else follows from a change.
    pub(crate) fn follows(&mut self, now: Timestamp) -> Follows {
        while let Some(item) = self.schedule.start(now) {
            self.started.push(item);
        }
        let asks = std::iter::from_fn(|| self.schedule.ask()).collect();
        Follows {
            asks,
            earlier: self.sets_timer(),
            room: self.schedule.take_room(),
            quiet: self.schedule.is_closed() && self.schedule.count().running == 0,
        }
    }

    /// Whether the timer must be told that it would look too late.
    fn sets_timer(&mut self) -> bool {
        let wake_at = self.schedule.wake_at();
        let earlier = match (wake_at, self.timer_at) {
            (Some(wake_at), Some(timer_at)) => wake_at < timer_at,
            (wake_at, None) => wake_at.is_some(),
            (None, Some(_)) => false,
        };
        if earlier {
            self.timer_at = wake_at;
        }
        earlier
    }
}

impl Started {
    pub(crate) fn len(&self) -> usize {
        self.urgent.len() + self.normal.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn pop(&mut self) -> Option<Box<Item>> {
        self.urgent.pop_front().or_else(|| self.normal.pop_front())
    }

    fn push(&mut self, item: Box<Item>) {
        if item.hurries {
            self.urgent.push_back(item);
        } else {
            self.normal.push_back(item);
        }
    }
}

/// A clock that differs by less was not set: it is slewed, or was read a little later.
const SET: Duration = Duration::from_secs(1);

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is changed under these locks is never left half done by a panic of somebody else's code: none runs there.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
