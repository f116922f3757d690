//! A simulated Telegram, a server's parts, and a clock that is turned by hand.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bot_connection::{BotConnections, ConnectConfig, Pace};
use bot_health::verdict::VerdictCode;
use bot_health::{BotChange, BotHealth, ChangesPage, HealthConfig, Parts, Signal};
use bot_sender::BotSender;
use clock::{Clock, Entropy, ManualClock};
use connection_directory::Directory;
use ids::{ConnectionId, KeyId, ProjectId, RequestId};
use key_ring::{KeyRing, MasterKey};
use outbound_http::{FixedNames, OutboundConfig, OutboundHttp};
use platform_events::PlatformEvents;
use request_log::{Outcome, RequestRecord, Seen};
use store::testing::on_every_database;
use store::{Database, Schema};
use telegram_bot_api::{BotToken, Call, Client, ClientConfig, UpdateKind};
use telegram_simulator::{
    BotId, CallRecord, ChatId, Control, DeliveryFailure, DeliveryFault, Resolution, Simulator,
    SimulatorConfig, Token, Via,
};
use token_vault::TokenVault;
use tokio::task::JoinHandle;
use update_dispatcher::{Dispatcher, DispatcherConfig, Perform};
use update_inbox::{Inbox, InboxConfig};
use webhook_secret::WebhookSecrets;

pub(crate) const BASE: &str = "https://bots.example.com";

/// One server's parts over a database that outlives it.
pub(crate) struct Place {
    pub(crate) clock: Clock,
    pub(crate) connections: BotConnections,
    pub(crate) control: Control,
    pub(crate) database: Database,
    pub(crate) hands: ManualClock,
    pub(crate) health: BotHealth,
    pub(crate) parts: Parts,
    pub(crate) sender: BotSender,
    config: HealthConfig,
    running: JoinHandle<()>,
    hearing: JoinHandle<()>,
    _simulator: Simulator,
}

/// A connected bot.
#[derive(Clone)]
pub(crate) struct Bot {
    pub(crate) id: ConnectionId,
    pub(crate) project: ProjectId,
    pub(crate) bot: BotId,
    pub(crate) token: Token,
}

/// Runs a test on a fresh database of each kind, with nobody watching yet.
pub(crate) async fn on_both(config: HealthConfig, test: impl AsyncFn(Place)) {
    on_every_database(Schema::Main, async |database| {
        test(Place::start(database, config.clone()).await).await;
    })
    .await;
}

impl Place {
    async fn start(database: Database, config: HealthConfig) -> Self {
        let (clock, hands) = Clock::manual();
        let simulator = SimulatorConfig::new(clock.clone(), Entropy::seeded(11));
        let simulator = Simulator::start(simulator).await.unwrap();
        let control = simulator.control();
        // The simulator's own receiver takes whatever comes, for every host that it hears of from a rival.
        let (other, _) = control.new_bot("Other", "other_bot");
        control.rival_sets_webhook(other, BASE).unwrap();
        let (parts, vault) = parts(&database, &clock, &simulator).await;
        let (sender, mut refusals) =
            BotSender::new(parts.client.clone(), parts.directory.clone(), vault);
        let health = BotHealth::new(parts.clone(), config.clone());
        let heard = health.clone();
        let hearing = tokio::spawn(async move {
            while let Some(refused) = refusals.recv().await {
                heard.hear(Signal::TokenRefused {
                    connection: refused.connection,
                    token_version: refused.token_version,
                });
            }
        });
        Self {
            clock,
            connections: parts.connections.clone(),
            control,
            database,
            hands,
            health,
            parts,
            sender,
            config,
            running: tokio::spawn(async {}),
            hearing,
            _simulator: simulator,
        }
    }

    /// The watch begins.
    pub(crate) async fn watch(&mut self) {
        let health = self.health.clone();
        self.running = tokio::spawn(async move { health.run().await });
        // Until all of its loops wait.
        self.hands.sleepers(5).await;
    }

    /// Nobody watches any more, and nothing of the watch is in memory.
    pub(crate) async fn stop_watching(&mut self) {
        self.running.abort();
        let _aborted = (&mut self.running).await;
        self.health = BotHealth::new(self.parts.clone(), self.config.clone());
    }

    /// A bot that is connected, with nothing on record that was done for it.
    pub(crate) async fn bot(&self, name: &str) -> Bot {
        let (bot, token) = self.control.new_bot("Helper", "helper_bot");
        let project: ProjectId = format!("prj_{name}").parse().unwrap();
        self.hands.advance(Duration::from_secs(2));
        let pasted: BotToken = token.expose().parse().unwrap();
        self.connections.put_token(&project, &pasted).await.unwrap();
        let record = self.parts.directory.connection_of_project(&project).await;
        let id = record.unwrap().unwrap().id;
        self.hands.advance(Duration::from_secs(2));
        Bot {
            id,
            project,
            bot,
            token,
        }
    }

    /// Waits for what really happens, while the clock stands still.
    pub(crate) async fn happens(&self, done: impl AsyncFn() -> bool) {
        let mut looks = 0;
        while !done().await {
            looks += 1;
            assert!(looks < 5_000, "it did not come to that");
            Clock::system().sleep(Duration::from_millis(4)).await;
        }
    }

    /// Lets time pass, in steps, each long enough for what is due to be done.
    pub(crate) async fn pass(&self, span: Duration, step: Duration) {
        let end = self.clock.elapsed() + span;
        while self.clock.elapsed() < end {
            self.step(step).await;
        }
    }

    /// One step. On a busy machine a call may take longer than a step is long for us: then the clock stands still, or the call would be
    /// given up. One that Telegram itself holds up needs the clock to go on.
    async fn step(&self, step: Duration) {
        self.hands.advance(step);
        let moment = Duration::from_millis(5);
        // Whoever sleeps beside something else it waits for may be late.
        let _ = Clock::system()
            .timeout(moment * 40, self.hands.woken())
            .await;
        Clock::system().sleep(moment).await;
        for _ in 0..50 {
            if self.health.figures().under_way == 0 {
                break;
            }
            Clock::system().sleep(moment).await;
        }
    }

    /// Waits for something while time passes; answers how much did.
    pub(crate) async fn until(&self, step: Duration, done: impl AsyncFn() -> bool) -> Duration {
        let (began, mut looks) = (self.clock.elapsed(), 0);
        while !done().await {
            looks += 1;
            assert!(looks < 3_000, "it did not come to that");
            self.step(step).await;
        }
        self.clock.elapsed() - began
    }

    /// Our own calls of a method that reached Telegram, oldest first.
    pub(crate) fn calls(&self, bot: BotId, method: &str) -> Vec<CallRecord> {
        let calls = self.control.calls(bot).into_iter();
        calls
            .filter(|call| call.method == method && call.via == Via::Http)
            .collect()
    }

    /// How a bot stands, as it was told.
    pub(crate) async fn code(&self, bot: &Bot) -> Option<VerdictCode> {
        let standing = self.health.standing(&bot.id).await.unwrap();
        standing.map(|standing| standing.code)
    }

    /// The changes of a bot, the oldest first.
    pub(crate) async fn changes(&self, bot: &Bot) -> Vec<BotChange> {
        let page = ChangesPage {
            before: None,
            limit: 100,
        };
        let mut changes = self.health.changes(&bot.id, page).await.unwrap();
        changes.reverse();
        changes
    }

    /// Status and reason of every `project.bot.status_changed` about a bot, the oldest first.
    pub(crate) async fn told(&self, bot: &Bot) -> Vec<(String, Option<String>)> {
        #[derive(diesel::QueryableByName)]
        struct Event {
            #[diesel(sql_type = diesel::sql_types::Binary)]
            body: Vec<u8>,
        }
        let query =
            diesel::sql_query("SELECT body FROM platform_events ORDER BY created_at_us, id");
        let mut link = self.database.connect().await.unwrap();
        let events: Vec<Event> = link.fetch(query).await.unwrap();
        let bodies = events
            .iter()
            .map(|event| serde_json::from_slice::<serde_json::Value>(&event.body).unwrap());
        let of_bot = bodies.filter(|body| {
            body["type"] == "project.bot.status_changed"
                && body["data"]["bot_id"] == bot.id.as_str()
                && body["data"]["project_id"] == bot.project.as_str()
        });
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        of_bot
            .map(|body| {
                (
                    text(&body["data"]["status"]).unwrap(),
                    text(&body["data"]["reason"]),
                )
            })
            .collect()
    }

    /// A request of Telegram's, or of somebody else, as the request log shows it.
    pub(crate) fn request(&self, bot: &Bot, outcome: Outcome) {
        let record = RequestRecord {
            at: self.clock.now(),
            request_id: RequestId::from_parts(1, [1; 10]),
            connection: Some(bot.id.clone()),
            project: Some(bot.project.clone()),
            proved: outcome != Outcome::RejectedWrongSecret,
            remote: IpAddr::from([149, 154, 160, 1]),
            outcome,
            status: 200,
            bytes: 100,
            update_id: None,
            kind: None,
            read_us: 1,
            store_us: 1,
            total_us: 2,
        };
        if let Some(signal) = Signal::of(Seen::Request(&record)) {
            self.health.hear(signal);
        }
    }

    /// A handler makes a call for the bot, whatever comes of it.
    pub(crate) async fn call(&self, bot: &Bot) {
        let params = serde_json::Map::new();
        let _refused = self
            .sender
            .call(&bot.id, &Call::new("getMyName", params))
            .await;
    }

    /// Somebody writes, and Telegram is answered so; it knows by the end.
    pub(crate) async fn is_answered(&self, bot: &Bot, status: u16, reason: &str) {
        let how = DeliveryFault::Status(status, reason.to_owned());
        self.control
            .fail_delivery(DeliveryFailure::of(bot.bot, how));
        self.control
            .user_sends(bot.bot, ChatId(1), "hello?")
            .unwrap();
        let failed = async || {
            let info = self.control.webhook_info(bot.bot).unwrap();
            info.get("last_error_message").is_some()
        };
        self.happens(failed).await;
    }

    /// The name of the webhook leads to a port at which nobody listens.
    pub(crate) fn nobody_listens(&self) {
        let nobody = Resolution::clear(([127, 0, 0, 1], 1).into());
        self.control.resolve("bots.example.com", nobody).unwrap();
        self.control.look_up_again("bots.example.com");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.abort();
        self.hearing.abort();
    }
}

pub(crate) fn degraded(code: VerdictCode) -> (String, Option<String>) {
    ("degraded".to_owned(), Some(code.as_str().to_owned()))
}

pub(crate) fn healthy() -> (String, Option<String>) {
    ("healthy".to_owned(), None)
}

/// As the server has it, without a look at the endpoint: there is none here.
pub(crate) fn plain() -> HealthConfig {
    HealthConfig {
        looks_at_endpoint: false,
        ..HealthConfig::default()
    }
}

async fn parts(database: &Database, clock: &Clock, simulator: &Simulator) -> (Parts, TokenVault) {
    let entropy = Entropy::seeded(7);
    let ring = KeyRing::new(KeyId::new(1), MasterKey::from_bytes(&[7; 32]));
    let client = ClientConfig {
        api_root: simulator.api_root().parse().unwrap(),
        attempts: 1,
        ..ClientConfig::default()
    };
    let client = Client::new(client, clock.clone(), entropy.clone()).unwrap();
    let inbox = Inbox::start(InboxConfig::default(), database.clone(), clock.clone());
    let inbox = inbox.await.unwrap();
    let dispatcher = Dispatcher::start(
        DispatcherConfig::default(),
        Vec::new(),
        Arc::new(inbox.journal()),
        Arc::new(Nobody),
        clock.clone(),
        entropy.clone(),
    );
    inbox.attach(dispatcher.clone());
    let vault = TokenVault::new(&ring, entropy.clone());
    let nowhere = OutboundConfig {
        names: Arc::new(FixedNames::default()),
        ..OutboundConfig::default()
    };
    let outbound = OutboundHttp::new(nowhere, clock.clone()).unwrap();
    let events = PlatformEvents::new(
        database.clone(),
        vault.clone(),
        outbound.clone(),
        clock.clone(),
        entropy.clone(),
        platform_events::Config::default(),
    );
    let directory = Directory::open(database.clone(), clock.clone());
    let connecting = bot_connection::Parts {
        client: client.clone(),
        clock: clock.clone(),
        directory: directory.clone(),
        dispatcher: dispatcher.clone(),
        entropy: entropy.clone(),
        events: events.clone(),
        inbox,
        secrets: WebhookSecrets::new(&ring),
        vault: vault.clone(),
    };
    let config = ConnectConfig {
        allowed_updates: UpdateKind::ALL.to_vec(),
        max_connections: 40,
        pace: Pace::without_new_bot_limits(),
        public_url: Some(BASE.parse().unwrap()),
        resolves_name: false,
    };
    let parts = Parts {
        client,
        clock: clock.clone(),
        connections: BotConnections::new(connecting, config),
        database: database.clone(),
        directory,
        dispatcher,
        entropy,
        events,
        names: Arc::new(FixedNames::default()),
        outbound,
        public_url: Some(BASE.parse().unwrap()),
    };
    (parts, vault)
}

struct Nobody;

impl Perform for Nobody {
    async fn perform(&self, _: &ConnectionId, _: &Call) -> Result<(), update_dispatcher::Failure> {
        Ok(())
    }
}
