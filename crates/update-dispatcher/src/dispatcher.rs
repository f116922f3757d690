//! The schedule brought to life: a task for each update that runs, one for the earliest alarm, and none besides.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clock::{Clock, Entropy, Timestamp};
use futures_util::FutureExt;
use ids::ConnectionId;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::attempt::{Fault, Handling};
use crate::erased::AnyJournal;
use crate::item::Item;
use crate::recall::Recall;
use crate::retry::Verdict;
use crate::schedule::{Ask, Schedule};
use crate::telling::{dead_of, log_dead, log_retry, retry_of};
use crate::{
    BotSnapshot, DeadCause, DispatcherConfig, Journal, Offer, Outcome, Perform, Progress, Queued,
    RetryPolicy, Seq, Snapshot, Stage, Totals,
};

/// How long after the deadline of a drain to wait for attempts to notice that they were broken off.
const GRACE: Duration = Duration::from_secs(1);

/// Runs updates in lanes. Cheap to clone; when the last clone is dropped nothing more is started.
#[derive(Clone)]
pub struct Dispatcher(Arc<Owner>);

/// What a drain left undone. All of it is in the journal, and none of it is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Updates whose handling was broken off at the deadline. What was done of them is in the journal.
    pub interrupted: Vec<Seq>,
    /// Updates that waited in memory.
    pub waiting: usize,
}

struct Owner {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    handling: Handling,
    journal: Arc<dyn AnyJournal>,
    retry: RetryPolicy,
    clock: Clock,
    entropy: Entropy,
    runtime: Handle,
    /// The earliest alarm is earlier than the timer knows.
    earlier: Notify,
    room: Notify,
    /// Nothing runs, and nothing will.
    quiet: Notify,
    /// Breaks off whatever runs.
    interrupt: CancellationToken,
    /// Seqs of attempts that were broken off.
    interrupted: Mutex<Vec<Seq>>,
}

struct State {
    schedule: Schedule,
    /// When the timer will look.
    timer_at: Option<Timestamp>,
}

impl Dispatcher {
    /// Starts with nothing in memory. Call it inside the tokio runtime that is to run the stages.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn start<J: Journal, P: Perform>(
        config: DispatcherConfig,
        stages: Vec<Arc<dyn Stage>>,
        journal: Arc<J>,
        perform: Arc<P>,
        clock: Clock,
        entropy: Entropy,
    ) -> Self {
        let schedule = Schedule::new(config.limits);
        let deadline = config.handler_deadline;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                schedule,
                timer_at: None,
            }),
            handling: Handling {
                stages,
                perform,
                sessions: Arc::new(Recall {
                    journal: Arc::clone(&journal) as Arc<dyn AnyJournal>,
                    clock: clock.clone(),
                }),
                clock: clock.clone(),
                deadline,
            },
            journal,
            retry: config.retry,
            clock,
            entropy,
            runtime: Handle::current(),
            earlier: Notify::new(),
            room: Notify::new(),
            quiet: Notify::new(),
            interrupt: CancellationToken::new(),
            interrupted: Mutex::default(),
        });
        shared.runtime.spawn(Arc::clone(&shared).watch_alarms());
        Self(Arc::new(Owner { shared }))
    }

    /// Takes an update to handle, if there is room. May be called from any thread.
    ///
    /// Offers of a connection come in the order of their [`Seq`], each at most once until its end was told to the
    /// journal; one that is in memory already is ignored.
    pub fn offer(&self, queued: Queued) -> Offer {
        self.shared()
            .change(|schedule, now| schedule.offer(queued, now))
    }

    /// Waits until it makes sense to offer again what was [`Offer::Full`]. At once when nothing was, or when the
    /// dispatcher is being drained.
    pub async fn room(&self) {
        let shared = self.shared();
        wait_until(&shared.room, || !shared.lock().schedule.is_starved()).await;
    }

    /// Takes a connection's waiting updates out of memory and answers [`Offer::Paused`] to new ones. What runs is
    /// finished; if it fails, it is told to the journal and leaves memory too. Answers how many updates left.
    pub fn pause(&self, connection: &ConnectionId) -> usize {
        self.shared()
            .change(|schedule, now| schedule.pause(connection, now))
    }

    /// Lets a paused connection go on: its unfinished updates come from [`Journal::backlog`], in order, before any that
    /// is offered from now on. Answers whether it was paused.
    ///
    /// `passed` is the last update that the caller will not offer any more, as far as it did not offer it while the
    /// connection was paused: where its cursor stands.
    pub fn resume(&self, connection: &ConnectionId, passed: Seq) -> bool {
        self.shared()
            .change(|schedule, _| schedule.resume(connection, passed))
    }

    /// Starts nothing more, waits for what runs, and breaks off what still runs at the deadline.
    pub async fn drain(&self, deadline: Duration) -> Drained {
        let shared = self.shared();
        shared.change(|schedule, _| schedule.close());
        shared.room.notify_waiters();
        let quiet = || {
            wait_until(&shared.quiet, || {
                shared.lock().schedule.count().running == 0
            })
        };
        if shared.clock.timeout(deadline, quiet()).await.is_err() {
            shared.interrupt.cancel();
            let _ = shared.clock.timeout(GRACE, quiet()).await;
        }
        shared.interrupt.cancel();
        let interrupted = std::mem::take(&mut *lock(&shared.interrupted));
        Drained {
            interrupted,
            waiting: self.totals().waiting,
        }
    }

    /// How much is in memory.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.shared().lock().schedule.totals()
    }

    /// Everything that is in memory. It is copied while nothing else can happen, so ask for it as people do, not as
    /// metrics do.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.shared().lock().schedule.snapshot()
    }

    /// What is in memory of one connection; `None` when nothing is and it is not paused.
    #[must_use]
    pub fn snapshot_of(&self, connection: &ConnectionId) -> Option<BotSnapshot> {
        self.shared().lock().schedule.snapshot_of(connection)
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }
}

impl Shared {
    /// Changes the schedule, then does what follows from it.
    fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut Schedule, Timestamp) -> T) -> T {
        let now = self.clock.now();
        let mut state = self.lock();
        let answer = change(&mut state.schedule, now);
        let (mut starts, mut asks) = (Vec::new(), Vec::new());
        starts.extend(std::iter::from_fn(|| state.schedule.start(now)));
        asks.extend(std::iter::from_fn(|| state.schedule.ask()));
        let earlier = state.sets_timer();
        let room = state.schedule.take_room();
        let quiet = state.schedule.is_closed() && state.schedule.count().running == 0;
        drop(state);
        for (woken, notify) in [(room, &self.room), (quiet, &self.quiet)] {
            if woken {
                notify.notify_waiters();
            }
        }
        if earlier {
            self.earlier.notify_one();
        }
        for item in starts {
            self.runtime.spawn(Arc::clone(self).handle(item));
        }
        for ask in asks {
            self.runtime.spawn(Arc::clone(self).answer(ask));
        }
        answer
    }

    async fn handle(self: Arc<Self>, mut item: Box<Item>) {
        let before = item.queued.progress;
        let began = self.clock.elapsed();
        let attempt = AssertUnwindSafe(self.handling.attempt(&mut item)).catch_unwind();
        let ended = self.interrupt.run_until_cancelled(attempt).await;
        item.took += self.clock.elapsed().saturating_sub(began);
        let lane = item.queued.lane.clone();
        let again = match ended {
            Some(Ok(Ok(()))) => self.finished(item),
            Some(Ok(Err(fault))) => self.failed(item, fault),
            Some(Err(_panic)) => {
                let fault = self.handling.panicked(&item);
                self.failed(item, fault)
            }
            None => self.interrupted(item, before),
        };
        self.change(|schedule, now| schedule.ended(&lane, again, now));
    }

    fn finished(&self, item: Box<Item>) -> Option<Box<Item>> {
        let outcome = Outcome {
            update: item.update(),
            took: item.took,
            handled_at: self.clock.now(),
            calls: item.calls,
            attempts: item.queued.attempts,
            refused: item.refused,
            sessions: item.sessions,
        };
        self.journal.finished(item.queued.seq, outcome);
        None
    }

    /// Tells the journal of a failed attempt if it is news, and answers the update if there will be another.
    fn failed(&self, mut item: Box<Item>, fault: Fault) -> Option<Box<Item>> {
        let now = self.clock.now();
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
                    log_retry(queued, waits, &fault.reason, at.since(now));
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
                log_dead(queued, &fault.reason, cause);
                let seq = queued.seq;
                self.journal
                    .dead(seq, dead_of(&mut item, cause, fault.reason, now));
                None
            }
        }
    }

    /// The attempt does not count as failed; only what was done in it is told.
    fn interrupted(&self, mut item: Box<Item>, before: Progress) -> Option<Box<Item>> {
        let queued = &item.queued;
        if queued.progress != before {
            let sessions = std::mem::take(&mut item.sessions);
            let reason = "broken off by a shutdown".to_owned();
            self.journal.retry(
                queued.seq,
                retry_of(queued, sessions, self.clock.now(), reason),
            );
        }
        lock(&self.interrupted).push(queued.seq);
        Some(item)
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

    async fn watch_alarms(self: Arc<Self>) {
        loop {
            let at = {
                let mut state = self.lock();
                state.timer_at = state.schedule.wake_at();
                state.timer_at
            };
            let due = async {
                match at {
                    Some(at) => self.clock.sleep_until(at).await,
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

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
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

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.lock().schedule.close();
        self.shared.earlier.notify_one();
    }
}

async fn wait_until(changed: &Notify, done: impl Fn() -> bool) {
    loop {
        let mut notified = std::pin::pin!(changed.notified());
        notified.as_mut().enable();
        if done() {
            return;
        }
        notified.await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is changed under these locks is never left half done by a panic of somebody else's code: none runs there.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
