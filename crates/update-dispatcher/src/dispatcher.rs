//! The schedule brought to life, as its users see it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use clock::{Clock, Entropy};
use ids::ConnectionId;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::attempt::Handling;
use crate::erased::AnyJournal;
use crate::recall::Recall;
use crate::schedule::Schedule;
use crate::shared::{Shared, State, lock};
use crate::telling::Told;
use crate::{
    BotSnapshot, DispatcherConfig, Journal, Offer, Offered, Perform, Queued, Seq, Snapshot, Stage,
    Totals,
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
            state: Mutex::new(State::new(schedule, clock.now() - clock.elapsed())),
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
            told: Told::default(),
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

    /// Takes many updates at once, under the same rules and in this order, for the price of one look at the clock, one lock and
    /// one wake: what a commit has stored. Nothing else happens in the dispatcher meanwhile, so hundreds are a good
    /// number and tens of thousands are not.
    ///
    /// It stops at the first update for which there is no room and hands back that one and all that follow, to be offered
    /// again, in order, after [`Dispatcher::room`].
    pub fn offer_all(&self, updates: Vec<Queued>) -> Offered {
        self.shared()
            .change(|schedule, now| schedule.offer_all(updates, now))
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
            .change(|schedule, now| schedule.resume(connection, passed, now))
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
        let mut snapshot = self.shared().lock().schedule.snapshot();
        snapshot.sort();
        snapshot
    }

    /// What is in memory of one connection; `None` when nothing is and it is not paused.
    #[must_use]
    pub fn snapshot_of(&self, connection: &ConnectionId) -> Option<BotSnapshot> {
        let mut snapshot = self.shared().lock().schedule.snapshot_of(connection)?;
        snapshot.sort();
        Some(snapshot)
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
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
