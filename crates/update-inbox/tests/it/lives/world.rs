//! What the model is compared with: a database file, the processes that follow each other on it, and handlers that do as they
//! are told.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::{Clock, Entropy, ManualClock};
use proptest::sample::Index;
use store::{Database, DatabaseUrl, Schema};
use telegram_bot_api::Envelope;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use update_dispatcher::{Dispatcher, DispatcherConfig, LaneSnapshot, Limits, RetryPolicy, Seq};
use update_inbox::{Inbox, InboxConfig, Receipt, Received};

use super::handlers::{Handlers, Nobody, Shared, Told};
use super::model::{Fate, Known};
use crate::support::connection;

pub(crate) use super::handlers::Verdict;

pub(crate) const BOTS: u8 = 2;
/// Every bot has as many.
pub(crate) const LANES: u8 = 4;

pub(crate) struct World {
    clock: Clock,
    hands: ManualClock,
    folder: TempDir,
    shared: Arc<Shared>,
    sent: BTreeMap<i64, Received>,
    paused: BTreeSet<u8>,
    life: Option<Life>,
}

/// One process.
struct Life {
    runtime: Runtime,
    inbox: Inbox,
    dispatcher: Dispatcher,
}

impl World {
    pub(crate) fn begin() -> Self {
        let (clock, hands) = Clock::manual();
        let mut world = Self {
            clock,
            hands,
            folder: folder(),
            shared: Arc::default(),
            sent: BTreeMap::new(),
            paused: BTreeSet::new(),
            life: None,
        };
        world.open();
        world
    }

    fn open(&mut self) {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let url = DatabaseUrl::of_sqlite_file(self.folder.path().join("memberpass.db"));
        let (inbox, dispatcher) = runtime.block_on(async {
            let database = Database::open(&url, 2).await.unwrap();
            database.migrate(Schema::Main).await.unwrap();
            let inbox = Inbox::start(InboxConfig::default(), database, self.clock.clone());
            let inbox = inbox.await.unwrap();
            let life = self.shared.lock().life;
            let handlers = Handlers::new(&self.shared, self.clock.clone(), life);
            let told = Told::new(&self.shared, inbox.journal(), life);
            let dispatcher = Dispatcher::start(
                config(),
                vec![Arc::new(handlers)],
                Arc::new(told),
                Arc::new(Nobody),
                self.clock.clone(),
                Entropy::seeded(1),
            );
            for bot in &self.paused {
                dispatcher.pause(&connection(*bot));
                inbox.park(&connection(*bot));
            }
            inbox.attach(dispatcher.clone());
            (inbox, dispatcher)
        });
        self.life = Some(Life {
            runtime,
            inbox,
            dispatcher,
        });
    }

    fn life(&self) -> &Life {
        self.life.as_ref().unwrap()
    }

    pub(crate) fn arrive(&mut self, updates: &[(u8, bool)]) {
        let mut lanes: BTreeMap<u8, Vec<Received>> = BTreeMap::new();
        for (lane, urgent) in updates {
            let update = self.new_update(*lane, *urgent);
            lanes.entry(*lane).or_default().push(update);
        }
        let Life { runtime, inbox, .. } = self.life();
        let all = lanes.into_values().map(|lane| async {
            for update in lane {
                self.receive(inbox, update).await;
            }
        });
        runtime.block_on(futures_util::future::join_all(all));
    }

    pub(crate) fn arrive_again(&mut self, which: &Index) {
        if self.sent.is_empty() {
            return;
        }
        let again = which.index(self.sent.len());
        let update = self.sent.values().nth(again).unwrap().clone();
        let Life { runtime, inbox, .. } = self.life();
        runtime.block_on(self.receive(inbox, update));
    }

    pub(crate) fn arrive_in_vain(&mut self, lane: u8) {
        let update = self.new_update(lane, false);
        let Life { runtime, inbox, .. } = self.life();
        let (id, of_lane) = (update.update_id.value(), lane);
        self.shared.lock().model.sent(id, of_lane, false);
        runtime.block_on(async {
            let mut receiving = pin!(inbox.receive(update));
            let once = std::future::poll_fn(|context| {
                std::task::Poll::Ready(receiving.as_mut().poll(context).is_ready())
            });
            once.await
        });
        self.crash();
    }

    async fn receive(&self, inbox: &Inbox, update: Received) {
        let (id, urgent) = (
            update.update_id.value(),
            self.is_urgent(update.update_id.value()),
        );
        self.shared.lock().model.sent(id, lane_of(id), urgent);
        let receipt = inbox.receive(update).await.unwrap();
        let as_new = receipt == Receipt::Stored;
        self.shared.lock().model.acknowledged(id, as_new);
    }

    fn new_update(&mut self, lane: u8, urgent: bool) -> Received {
        // The id says which lane it is in.
        let id = i64::from(lane) + i64::from(LANES) * (self.sent.len() as i64 + 1);
        let chat = format!(r#"{{"id":{},"type":"private"}}"#, 100 + lane);
        let message = format!(r#"{{"message_id":1,"date":1,"chat":{chat}}}"#);
        let content = if urgent {
            let from = r#"{"id":7,"is_bot":false,"first_name":"A"}"#;
            format!(
                r#""callback_query":{{"id":"1","from":{from},"chat_instance":"1","message":{message}}}"#
            )
        } else {
            format!(r#""message":{message}"#)
        };
        let body = Bytes::from(format!(r#"{{"update_id":{id},{content}}}"#));
        let envelope = Envelope::read(&body).unwrap();
        let bot = connection(bot_of(lane));
        let update = Received::new(bot, &envelope, self.clock.now(), body);
        self.sent.insert(id, update.clone());
        update
    }

    fn is_urgent(&self, id: i64) -> bool {
        update_dispatcher::is_urgent(&self.sent[&id].kind)
    }

    pub(crate) fn end(&mut self, which: &Index, verdict: Verdict) {
        self.shared.end_one(which, verdict);
    }

    pub(crate) fn pass(&mut self, seconds: u32) {
        // Ids are known to have come for 72 hours; here they always are.
        let span = Duration::from_secs(seconds.into());
        if self.clock.elapsed() + span < Duration::from_secs(71 * 3_600) {
            self.advance(span);
        }
    }

    fn advance(&self, span: Duration) {
        self.shared.lock().passed_at = Some(self.clock.now());
        self.hands.advance(span);
    }

    pub(crate) fn pause(&mut self, bot: u8) {
        self.paused.insert(bot);
        let Life {
            inbox, dispatcher, ..
        } = self.life();
        dispatcher.pause(&connection(bot));
        inbox.park(&connection(bot));
    }

    pub(crate) fn resume(&mut self, bot: u8) {
        self.paused.remove(&bot);
        let Life {
            runtime,
            inbox,
            dispatcher,
        } = self.life();
        let _entered = runtime.enter();
        dispatcher.resume(&connection(bot), inbox.unpark(&connection(bot)));
    }

    pub(crate) fn replay(&mut self, which: &Index) {
        let Life { runtime, inbox, .. } = self.life();
        let letters = runtime
            .block_on(inbox.dead_list(None, Seq::ZERO, 1_000))
            .unwrap();
        if letters.is_empty() {
            return;
        }
        let letter = which.get(&letters);
        let id = letter.update_id.value();
        self.shared.lock().model.replayed(id);
        let replayed = runtime.block_on(inbox.dead_replay(letter.seq)).unwrap();
        assert!(replayed.is_some());
        let now = self.clock.now();
        self.sent.get_mut(&id).unwrap().received_at = now;
    }

    pub(crate) fn expire(&mut self) {
        self.settle();
        let now = self.clock.now();
        let Life { runtime, inbox, .. } = self.life();
        runtime.block_on(inbox.expire()).unwrap();
        let over = |id: &i64| {
            let update = &self.sent[id];
            let kept = Duration::from_secs(update.kind.kept_seconds());
            self.paused.contains(&bot_of(lane_of(*id))) && update.received_at + kept < now
        };
        self.shared.expired(self.sent.keys().copied().filter(over));
    }

    pub(crate) fn settle(&mut self) {
        let over = self.shared.lock().model.over();
        let Life { runtime, inbox, .. } = self.life();
        runtime.block_on(crate::support::settle(inbox));
        self.shared.lock().model.settled(&over);
    }

    pub(crate) fn crash(&mut self) {
        self.shared.begin_life();
        let life = self.life.take().unwrap();
        drop((life.inbox, life.dispatcher));
        life.runtime.shutdown_background();
        self.shared.crashed();
        self.open();
    }

    pub(crate) fn restart(&mut self) {
        let life = self.life.take().unwrap();
        life.runtime.block_on(async {
            life.dispatcher.drain(Duration::ZERO).await;
            life.inbox.close().await;
        });
        self.shared.begin_life();
        let over = self.shared.lock().model.over();
        self.shared.lock().model.settled(&over);
        self.shared.crashed();
        drop(life);
        self.open();
    }

    /// Waits until every lane that has something to do is doing it, and looks whether a rule was broken.
    pub(crate) fn catch_up(&mut self) {
        let Life { runtime, .. } = self.life();
        runtime.block_on(async {
            let (clock, began) = (Clock::system(), Clock::system().elapsed());
            while !self.is_calm() {
                clock.sleep(Duration::from_micros(100)).await;
                let waited = clock.elapsed().saturating_sub(began);
                assert!(
                    waited < PATIENCE,
                    "{:?} stands still: {:#?}",
                    self.idle_lane(),
                    self.shared.lock().model.updates
                );
            }
        });
        self.shared.lock().passed_at = None;
        let broken = &self.shared.lock().model.broken;
        assert!(broken.is_empty(), "{broken:#?}");
    }

    /// Whether what should run does, and the dispatcher and its handlers agree on what that is.
    fn is_calm(&self) -> bool {
        let running = |lane: LaneSnapshot| Some(lane.running?.update_id.value());
        let bots = self.life().dispatcher.snapshot().bots.into_iter();
        let lanes = bots.flat_map(|bot| bot.lanes);
        let scheduled: BTreeSet<i64> = lanes.filter_map(running).collect();
        scheduled == self.shared.running() && self.idle_lane().is_none()
    }

    /// A lane whose first update could be running, and in which nothing runs.
    fn idle_lane(&self) -> Option<u8> {
        let (now, state) = (self.clock.now(), self.shared.lock());
        let lanes = (0..LANES).filter(|lane| !self.paused.contains(&bot_of(*lane)));
        let mut idle = lanes.filter(|lane| {
            let of_lane = || state.model.updates.values().filter(|one| one.lane == *lane);
            let runs = of_lane().any(|one| one.fate == Fate::Running);
            let first = of_lane().filter(|one| one.owed());
            let Some(first) = first.min_by_key(|one| one.acknowledged) else {
                return false;
            };
            // One that was sent before may be there too, though it was acknowledged later or never.
            let before = |one: &&Known| Some(one.sent) <= first.acknowledged;
            !runs && !of_lane().filter(before).any(|one| one.waits(now))
        });
        idle.next()
    }

    /// From now on all goes well; so everything that was acknowledged ends.
    pub(crate) fn end_well(mut self) {
        (0..BOTS).for_each(|bot| self.resume(bot));
        for _ in 0..1_000 {
            self.catch_up();
            if self.shared.end_all() {
                continue;
            }
            self.settle();
            let Life { runtime, inbox, .. } = self.life();
            if runtime.block_on(inbox.depth()).unwrap().pending == 0 {
                break;
            }
            self.advance(Duration::from_secs(61));
        }
        let Life { runtime, inbox, .. } = self.life();
        let letters = runtime
            .block_on(inbox.dead_list(None, Seq::ZERO, 1_000))
            .unwrap();
        let dead: BTreeSet<i64> = letters.iter().map(|one| one.update_id.value()).collect();
        let depth = runtime.block_on(inbox.depth()).unwrap();
        assert_eq!(depth.pending, 0);
        for (id, known) in &self.shared.lock().model.updates {
            let over = known.ever_handled || dead.contains(id) || known.fate == Fate::Expired;
            assert!(
                over || known.acknowledged.is_none(),
                "{id} is lost: {known:?}"
            );
        }
        drop(self.life.take());
    }
}

/// In memory where there is such a place: no process here is killed by the power.
fn folder() -> TempDir {
    let in_memory = tempfile::tempdir_in("/dev/shm");
    in_memory.or_else(|_| tempfile::tempdir()).unwrap()
}

fn lane_of(id: i64) -> u8 {
    (id % i64::from(LANES)) as u8
}

fn bot_of(lane: u8) -> u8 {
    lane % BOTS
}

/// Little memory, so that most of what waits is read from the database; and no chance in when it is tried again.
fn config() -> DispatcherConfig {
    let seconds = |all: &[u64]| all.iter().map(|one| Duration::from_secs(*one)).collect();
    DispatcherConfig {
        limits: Limits {
            running: 8,
            running_per_bot: 4,
            loaded: 24,
            loaded_per_bot: 12,
            waiting_per_lane: 2,
            refill: 2,
            refills: 2,
            ..Limits::default()
        },
        handler_deadline: Duration::from_secs(60),
        retry: RetryPolicy {
            delays: seconds(&[2, 30]),
            waits: seconds(&[1, 2, 5]),
            jitter_percent: 0,
        },
    }
}

/// By the machine's clock.
const PATIENCE: Duration = Duration::from_secs(5);
