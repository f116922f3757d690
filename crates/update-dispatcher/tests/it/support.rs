//! A dispatcher with everything around it that a test turns by hand.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use clock::{Clock, Entropy, ManualClock};
use ids::ConnectionId;
use serde_json::Map;
use telegram_bot_api::{Call, Envelope};
use tokio::sync::Notify;
use update_dispatcher::{
    Dead, Dispatcher, DispatcherConfig, Failure, Incoming, Journal, Lane, LaneKey, Limits, Offer,
    Outcome, Perform, Queued, Retry, RetryPolicy, RetryWhen, Seq, SessionChange, Stage, StageError,
    StageFuture, StageOutcome, StoredSession,
};

pub(crate) struct Bench {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) journal: Arc<Memory>,
    pub(crate) caller: Arc<Caller>,
    pub(crate) clock: Clock,
    pub(crate) hands: ManualClock,
}

/// A stage made of a function.
pub(crate) struct Does<F>(pub(crate) F);

/// A journal in memory: what is in `rows` is unfinished.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) rows: Mutex<BTreeMap<Seq, Queued>>,
    pub(crate) finished: Mutex<Vec<(i64, Outcome)>>,
    pub(crate) retries: Mutex<Vec<(i64, Retry)>>,
    pub(crate) dead: Mutex<Vec<(i64, Dead)>>,
    pub(crate) sessions: Mutex<BTreeMap<(LaneKey, String), StoredSession>>,
    /// How often a session was asked for.
    pub(crate) session_reads: AtomicUsize,
    /// How many questions fail from now on.
    pub(crate) broken: Mutex<u32>,
    told: Notify,
}

/// Notes what is called; fails as it is told to.
#[derive(Default)]
pub(crate) struct Caller {
    pub(crate) calls: Mutex<Vec<String>>,
    pub(crate) failures: Mutex<Vec<(&'static str, Failure)>>,
    /// When every call fails: the reasons, in turn.
    pub(crate) outage: Mutex<Vec<&'static str>>,
    /// Calls that met the outage.
    pub(crate) missed: AtomicUsize,
}

#[derive(Debug, thiserror::Error)]
#[error("the journal is broken")]
pub(crate) struct Broken;

impl Bench {
    pub(crate) fn new(limits: Limits, stages: Vec<Arc<dyn Stage>>) -> Self {
        let (clock, hands) = Clock::manual();
        let journal = Arc::new(Memory::default());
        Self::with_journal(limits, stages, journal, clock, hands)
    }

    /// As after a restart: the journal is all that is left.
    pub(crate) fn with_journal(
        limits: Limits,
        stages: Vec<Arc<dyn Stage>>,
        journal: Arc<Memory>,
        clock: Clock,
        hands: ManualClock,
    ) -> Self {
        let caller = Arc::new(Caller::default());
        let dispatcher = Dispatcher::start(
            DispatcherConfig {
                limits,
                handler_deadline: Duration::from_secs(10),
                retry: RetryPolicy {
                    jitter_percent: 0,
                    ..RetryPolicy::default()
                },
            },
            stages,
            Arc::clone(&journal),
            Arc::clone(&caller),
            clock.clone(),
            Entropy::seeded(1),
        );
        Self {
            dispatcher,
            journal,
            caller,
            clock,
            hands,
        }
    }

    /// Stores an update and offers it.
    pub(crate) fn receive(&self, seq: i64, bot: u8, body: &str) -> Offer {
        let queued = queued(seq, bot, body, &self.clock);
        self.journal
            .rows
            .lock()
            .unwrap()
            .insert(queued.seq, queued.clone());
        self.dispatcher.offer(queued)
    }

    pub(crate) fn message(&self, seq: i64, bot: u8, chat: i64) -> Offer {
        self.receive(seq, bot, &message(seq, chat))
    }

    pub(crate) fn tap(&self, seq: i64, bot: u8, chat: i64) -> Offer {
        self.receive(seq, bot, &tap(seq, chat))
    }

    /// Waits until nothing is in memory.
    pub(crate) async fn idle(&self) {
        self.journal
            .until(|_| self.dispatcher.totals().bots == 0)
            .await;
    }

    pub(crate) fn called(&self) -> Vec<String> {
        self.caller.calls.lock().unwrap().clone()
    }
}

impl Memory {
    #[expect(clippy::panic, reason = "a test fails by panicking")]
    /// Waits until something holds. The dispatcher settles after it has told the journal, so look a few times.
    pub(crate) async fn until(&self, holds: impl Fn(&Self) -> bool) {
        for look in 1..=5_000_000_u32 {
            if holds(self) {
                return;
            }
            // Whoever only looks takes the time of those who work.
            if look.is_multiple_of(100) {
                Clock::system().sleep(Duration::from_millis(1)).await;
            }
            tokio::task::yield_now().await;
        }
        panic!("it never came true");
    }

    pub(crate) async fn finished(&self, count: usize) -> Vec<i64> {
        self.until(|memory| memory.finished.lock().unwrap().len() >= count)
            .await;
        self.finished
            .lock()
            .unwrap()
            .iter()
            .map(|(seq, _)| *seq)
            .collect()
    }

    pub(crate) async fn dead(&self, count: usize) -> Vec<(i64, Dead)> {
        self.until(|memory| memory.dead.lock().unwrap().len() >= count)
            .await;
        self.dead.lock().unwrap().clone()
    }

    pub(crate) async fn retried(&self, count: usize) -> Retry {
        self.until(|memory| memory.retries.lock().unwrap().len() >= count)
            .await;
        self.retries.lock().unwrap()[count - 1].1.clone()
    }

    fn after(
        &self,
        after: Seq,
        limit: usize,
        wanted: impl Fn(&Queued) -> bool,
    ) -> Result<Vec<Queued>, Broken> {
        self.fail_if_broken()?;
        let rows = self.rows.lock().unwrap();
        let rows = rows.values().filter(|row| row.seq > after && wanted(row));
        Ok(rows.take(limit).cloned().collect())
    }

    fn fail_if_broken(&self) -> Result<(), Broken> {
        let mut broken = self.broken.lock().unwrap();
        if *broken > 0 {
            *broken -= 1;
            return Err(Broken);
        }
        Ok(())
    }

    fn remember(&self, changes: &[SessionChange]) {
        let mut sessions = self.sessions.lock().unwrap();
        for change in changes {
            let key = (change.lane.clone(), change.name.to_string());
            match &change.becomes {
                Some(becomes) => sessions.insert(key, becomes.clone()),
                None => sessions.remove(&key),
            };
        }
    }
}

impl Journal for Memory {
    type Error = Broken;

    fn finished(&self, seq: Seq, outcome: Outcome) {
        self.remember(&outcome.sessions);
        self.rows.lock().unwrap().remove(&seq);
        self.finished.lock().unwrap().push((seq.value(), outcome));
        self.told.notify_waiters();
    }

    fn retry(&self, seq: Seq, retry: Retry) {
        self.remember(&retry.sessions);
        if let Some(row) = self.rows.lock().unwrap().get_mut(&seq) {
            row.progress = retry.progress;
            row.attempts = retry.attempts;
            row.not_before = Some(retry.not_before);
            row.history.clone_from(&retry.history);
        }
        self.retries.lock().unwrap().push((seq.value(), retry));
    }

    fn dead(&self, seq: Seq, dead: Dead) {
        self.remember(&dead.sessions);
        self.rows.lock().unwrap().remove(&seq);
        self.dead.lock().unwrap().push((seq.value(), dead));
    }

    async fn refill(
        &self,
        lane: &LaneKey,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Queued>, Broken> {
        tokio::task::yield_now().await;
        self.after(after, limit, |row| row.lane == *lane)
    }

    async fn backlog(
        &self,
        connection: &ConnectionId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Queued>, Broken> {
        tokio::task::yield_now().await;
        self.after(after, limit, |row| row.lane.connection == *connection)
    }

    async fn session(&self, lane: &LaneKey, name: &str) -> Result<Option<StoredSession>, Broken> {
        tokio::task::yield_now().await;
        self.session_reads.fetch_add(1, Ordering::Relaxed);
        self.fail_if_broken()?;
        let key = (lane.clone(), name.to_owned());
        Ok(self.sessions.lock().unwrap().get(&key).cloned())
    }
}

impl Perform for Caller {
    async fn perform(&self, _connection: &ConnectionId, call: &Call) -> Result<(), Failure> {
        tokio::task::yield_now().await;
        let reasons = self.outage.lock().unwrap().clone();
        if !reasons.is_empty() {
            let missed = self.missed.fetch_add(1, Ordering::Relaxed);
            return Err(Failure {
                retry: RetryWhen::Waiting { told: None },
                reason: reasons[missed % reasons.len()].into(),
            });
        }
        let mut failures = self.failures.lock().unwrap();
        if let Some(place) = failures
            .iter()
            .position(|(method, _)| *method == call.method())
        {
            return Err(failures.remove(place).1);
        }
        self.calls.lock().unwrap().push(call.method().to_owned());
        Ok(())
    }
}

impl<F, Fut> Stage for Does<F>
where
    F: Fn(Incoming) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<StageOutcome, StageError>> + Send + 'static,
{
    fn name(&self) -> &str {
        "test"
    }

    fn handle<'a>(&'a self, incoming: &'a Incoming) -> StageFuture<'a> {
        Box::pin((self.0)(incoming.clone()))
    }
}

pub(crate) fn does<F, Fut>(stage: F) -> Arc<dyn Stage>
where
    F: Fn(Incoming) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<StageOutcome, StageError>> + Send + 'static,
{
    Arc::new(Does(stage))
}

/// A stage that answers the same calls to every update.
pub(crate) fn calls(methods: &'static [&'static str]) -> Arc<dyn Stage> {
    does(move |_| async move { Ok(StageOutcome::end(methods.iter().map(call).collect())) })
}

pub(crate) fn call(method: &&'static str) -> Call {
    Call::new(*method, Map::new())
}

pub(crate) fn connection(bot: u8) -> ConnectionId {
    ConnectionId::from_parts(1, [bot; 10])
}

pub(crate) fn queued(seq: i64, bot: u8, body: &str, clock: &Clock) -> Queued {
    let envelope = Envelope::read(body.as_bytes()).unwrap();
    let lane = LaneKey::new(connection(bot), Lane::of(&envelope));
    let body = Bytes::copy_from_slice(body.as_bytes());
    let (id, kind) = (envelope.update_id, envelope.kind);
    Queued::new(Seq::new(seq), lane, id, kind, clock.now(), body)
}

pub(crate) fn message(id: i64, chat: i64) -> String {
    format!(
        r#"{{"update_id":{id},"message":{{"message_id":1,"date":1,"chat":{{"id":{chat},"type":"private"}}}}}}"#
    )
}

pub(crate) fn tap(id: i64, chat: i64) -> String {
    format!(
        r#"{{"update_id":{id},"callback_query":{{"id":"7","from":{{"id":{chat},"is_bot":false,"first_name":"A"}},"chat_instance":"1","message":{{"message_id":1,"date":1,"chat":{{"id":{chat},"type":"private"}}}}}}}}"#
    )
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
