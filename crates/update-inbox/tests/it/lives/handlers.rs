//! Handlers that do as the test says, and a journal that tells the model what it passes on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clock::{Clock, Timestamp};
use ids::ConnectionId;
use proptest::sample::Index;
use telegram_bot_api::Call;
use tokio::sync::oneshot;
use update_dispatcher::{
    Dead, Failure, Incoming, Journal, LaneKey, Outcome, Perform, Queued, Retry, RetryWhen, Seq,
    Stage, StageError, StageFuture, StageOutcome, StoredSession,
};
use update_inbox::{Error, InboxJournal};

use super::model::{Fate, Model, SOME_TIME};

/// How a handler ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verdict {
    Done,
    Fails,
    Waits,
    Dies,
    Panics,
}

/// What the test, its handlers and its journals know together.
#[derive(Default)]
pub(crate) struct Shared(Mutex<State>);

#[derive(Default)]
pub(crate) struct State {
    pub(crate) model: Model,
    /// Counts processes; what those before did is of no interest.
    pub(crate) life: u32,
    /// Until when the time was what it was before it last passed: a start that was decided then may be seen now.
    pub(crate) passed_at: Option<Timestamp>,
    running: BTreeMap<i64, oneshot::Sender<Verdict>>,
    ids: BTreeMap<Seq, i64>,
    /// Deleted, though a handler may be at work on it.
    gone: BTreeSet<i64>,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn end_one(&self, which: &Index, verdict: Verdict) {
        let running = &mut self.lock().running;
        if !running.is_empty() {
            let id = *running.keys().nth(which.index(running.len())).unwrap();
            // A deadline may have been faster.
            let _ = running.remove(&id).unwrap().send(verdict);
        }
    }

    pub(crate) fn running(&self) -> BTreeSet<i64> {
        self.lock().running.keys().copied().collect()
    }

    /// Answers whether any was running.
    pub(crate) fn end_all(&self) -> bool {
        let running = std::mem::take(&mut self.lock().running);
        let any = !running.is_empty();
        for end in running.into_values() {
            let _ = end.send(Verdict::Done);
        }
        any
    }

    fn started(
        &self,
        life: u32,
        (id, seq): (i64, Seq),
        now: Timestamp,
        end: oneshot::Sender<Verdict>,
    ) -> bool {
        let mut state = self.lock();
        let lives = state.life == life;
        if lives {
            let decided = state.passed_at.unwrap_or(now);
            state.model.started(id, decided);
            state.ids.insert(seq, id);
            state.running.insert(id, end);
        }
        lives
    }

    /// These were deleted if they were there: whatever had ended is kept elsewhere.
    pub(crate) fn expired(&self, ids: impl Iterator<Item = i64>) {
        let mut state = self.lock();
        for id in ids {
            let known = state.model.updates.get(&id);
            if known.is_some_and(|known| !matches!(known.fate, Fate::Handled | Fate::Dead)) {
                state.gone.insert(id);
                state.forget(id);
            }
        }
    }

    pub(crate) fn begin_life(&self) {
        let mut state = self.lock();
        state.life += 1;
        state.running.clear();
    }

    pub(crate) fn crashed(&self) {
        let mut state = self.lock();
        state.model.crashed();
        for id in state.gone.clone() {
            state.forget(id);
        }
    }
}

impl State {
    fn told(&mut self, id: i64, fate: Fate) {
        self.model.told(id, fate);
        if self.gone.contains(&id) {
            self.forget(id);
        }
    }

    fn forget(&mut self, id: i64) {
        let fate = &mut self.model.of(id).fate;
        if !matches!(fate, Fate::Running | Fate::Handled) {
            *fate = Fate::Expired;
        }
    }
}

pub(crate) struct Handlers {
    shared: Arc<Shared>,
    clock: Clock,
    life: u32,
}

impl Handlers {
    pub(crate) fn new(shared: &Arc<Shared>, clock: Clock, life: u32) -> Self {
        Self {
            shared: Arc::clone(shared),
            clock,
            life,
        }
    }

    async fn run(&self, id: i64, seq: Seq) -> Result<StageOutcome, StageError> {
        let (end, ended) = oneshot::channel();
        if !self
            .shared
            .started(self.life, (id, seq), self.clock.now(), end)
        {
            // Killed, and not yet aware of it.
            return std::future::pending().await;
        }
        let mut attempt = Attempt {
            shared: &self.shared,
            life: self.life,
            id,
            fails: true,
        };
        let verdict = ended.await;
        attempt.fails = !matches!(verdict, Ok(Verdict::Done | Verdict::Dies));
        drop(attempt);
        match verdict {
            Ok(Verdict::Done) => Ok(StageOutcome::pass()),
            Ok(Verdict::Dies) => Err(StageError::fatal("dies")),
            Ok(Verdict::Waits) => Err(StageError {
                reason: "waits".into(),
                retry: RetryWhen::Waiting { told: None },
            }),
            // Without the hook, which would print it.
            Ok(Verdict::Panics) => std::panic::resume_unwind(Box::new("panics")),
            Ok(Verdict::Fails) | Err(_) => Err(StageError::later("fails")),
        }
    }
}

impl Stage for Handlers {
    fn name(&self) -> &str {
        "test"
    }

    fn handle<'a>(&'a self, incoming: &'a Incoming) -> StageFuture<'a> {
        Box::pin(self.run(incoming.update.update_id.value(), incoming.seq))
    }
}

/// Fails when it is broken off by a deadline or a shutdown.
struct Attempt<'a> {
    shared: &'a Shared,
    life: u32,
    id: i64,
    fails: bool,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if self.fails && state.life == self.life {
            state.running.remove(&self.id);
            state.told(self.id, Fate::Waits(SOME_TIME));
        }
    }
}

/// The inbox's journal, overheard.
pub(crate) struct Told {
    shared: Arc<Shared>,
    inbox: InboxJournal,
    life: u32,
}

impl Told {
    pub(crate) fn new(shared: &Arc<Shared>, inbox: InboxJournal, life: u32) -> Self {
        Self {
            shared: Arc::clone(shared),
            inbox,
            life,
        }
    }

    /// Passes on what is told, unless the process was killed meanwhile.
    fn pass(&self, seq: Seq, fate: Fate, on: impl FnOnce(&InboxJournal)) {
        let mut state = self.shared.lock();
        if state.life == self.life {
            on(&self.inbox);
            let id = state.ids[&seq];
            state.told(id, fate);
        }
    }
}

impl Journal for Told {
    type Error = Error;

    fn finished(&self, seq: Seq, outcome: Outcome) {
        self.pass(seq, Fate::Handled, |inbox| inbox.finished(seq, outcome));
    }

    fn retry(&self, seq: Seq, retry: Retry) {
        let fate = Fate::Waits(retry.not_before);
        self.pass(seq, fate, |inbox| inbox.retry(seq, retry));
    }

    fn dead(&self, seq: Seq, dead: Dead) {
        self.pass(seq, Fate::Dead, |inbox| inbox.dead(seq, dead));
    }

    async fn refill(&self, lane: &LaneKey, after: Seq, limit: usize) -> Result<Vec<Queued>, Error> {
        self.inbox.refill(lane, after, limit).await
    }

    async fn backlog(
        &self,
        bot: &ConnectionId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Queued>, Error> {
        self.inbox.backlog(bot, after, limit).await
    }

    async fn session(&self, lane: &LaneKey, key: &str) -> Result<Option<StoredSession>, Error> {
        self.inbox.session(lane, key).await
    }
}

/// No handler here makes a call.
pub(crate) struct Nobody;

impl Perform for Nobody {
    async fn perform(&self, _: &ConnectionId, _: &Call) -> Result<(), Failure> {
        Ok(())
    }
}
