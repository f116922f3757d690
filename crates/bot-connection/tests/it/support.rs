//! A simulated Telegram and everything that bot-connection needs, with a clock that is turned by hand.

use std::sync::Arc;
use std::time::Duration;

use bot_connection::{BotConnections, ConnectConfig, Connected, Error, Pace, Parts, Status};
use clock::{Clock, Entropy, ManualClock};
use connection_directory::{Connection, Directory};
use ids::{ConnectionId, KeyId, ProjectId};
use key_ring::{KeyRing, MasterKey};
use outbound_http::{OutboundConfig, OutboundHttp};
use platform_events::{EventTypes, NewEndpoint, PlatformEvents};
use store::testing::on_every_database;
use store::{Database, Schema};
use telegram_bot_api::{BotToken, Call, Client, ClientConfig, UpdateKind};
use telegram_simulator::{
    BotId, CallRecord, Control, Failure, FailureKind, Ledger, Simulator, SimulatorConfig, Token,
    Via,
};
use token_vault::TokenVault;
use tokio::task::JoinHandle;
use update_dispatcher::{Dispatcher, DispatcherConfig, Perform};
use update_inbox::{Inbox, InboxConfig};
use webhook_secret::{Registration, WebhookSecrets};

/// How long a test waits for what really happens, on the machine's clock.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
pub(crate) const BASE: &str = "https://bots.example.com";

/// One server's parts over a database that outlives it.
pub(crate) struct Place {
    pub(crate) connections: BotConnections,
    pub(crate) control: Control,
    pub(crate) database: Database,
    pub(crate) hands: ManualClock,
    pub(crate) parts: Parts,
    pub(crate) config: ConnectConfig,
    _simulator: Simulator,
}

/// Runs a test on a fresh database of each kind.
pub(crate) async fn on_both(test: impl AsyncFn(Place)) {
    on_every_database(Schema::Main, async |database| {
        test(Place::start(database).await).await;
    })
    .await;
}

impl Place {
    async fn start(database: Database) -> Self {
        let (clock, hands) = Clock::manual();
        let simulator = SimulatorConfig::new(clock.clone(), Entropy::seeded(11));
        let simulator = Simulator::start(simulator).await.unwrap();
        let control = simulator.control();
        // The simulator's own receiver takes whatever comes, for every host that it hears of from a rival.
        let (other, _) = control.new_bot("Other", "other_bot");
        control.rival_sets_webhook(other, BASE).unwrap();
        let api_root = simulator.api_root();
        let parts = parts(&database, &clock, &api_root, Entropy::seeded(7)).await;
        parts.inbox.attach(parts.dispatcher.clone());
        has_endpoint(&parts.events).await;
        let config = ConnectConfig {
            allowed_updates: UpdateKind::ALL.to_vec(),
            max_connections: 40,
            pace: Pace::without_new_bot_limits(),
            public_url: Some(BASE.parse().unwrap()),
            resolves_name: false,
        };
        let connections = BotConnections::new(parts.clone(), config.clone());
        Self {
            connections,
            control,
            database,
            hands,
            parts,
            config,
            _simulator: simulator,
        }
    }

    /// Everything in memory is gone: what a crash leaves behind is in the database.
    pub(crate) fn restart(&mut self) {
        self.parts.directory = Directory::open(self.database.clone(), self.parts.clock.clone());
        self.reconfigure(self.config.clone());
    }

    pub(crate) fn reconfigure(&mut self, config: ConnectConfig) {
        self.config = config;
        self.connections = BotConnections::new(self.parts.clone(), self.config.clone());
    }

    pub(crate) fn bot(&self) -> (BotId, Token) {
        self.control.new_bot("Helper", "helper_bot")
    }

    /// A pasted token, two seconds after whatever came before: Telegram takes one setWebhook a second.
    pub(crate) async fn put(&self, project: &str, token: &Token) -> Result<Connected, Error> {
        self.later();
        self.connections
            .put_token(&self::project(project), &bot_token(token))
            .await
    }

    /// Puts a pasted token in a task of its own, while the test does something else.
    pub(crate) fn start_putting(
        &self,
        project: &str,
        token: &Token,
    ) -> JoinHandle<Result<Connected, Error>> {
        let (connections, token) = (self.connections.clone(), bot_token(token));
        let project = self::project(project);
        tokio::spawn(async move { connections.put_token(&project, &token).await })
    }

    /// Waits until Telegram has been called so many times with a method.
    pub(crate) async fn called(&self, bot: BotId, method: &str, times: usize) {
        let called = |ledger: &Ledger| {
            let calls = ledger.calls(bot).filter(|call| call.method == method);
            calls.count() >= times
        };
        self.control.wait_for(called, DEADLINE).await.unwrap();
    }

    pub(crate) async fn resume(&self) -> usize {
        self.later();
        self.connections.resume_unfinished().await.unwrap()
    }

    pub(crate) fn later(&self) {
        self.hands.advance(Duration::from_secs(2));
    }

    /// Lets time pass until the work is done, slower than what really happens and at most for as long as a call may take.
    pub(crate) async fn pass_time<T>(&self, work: JoinHandle<T>) -> T {
        for _ in 0..200 {
            if work.is_finished() {
                break;
            }
            self.hands.advance(Duration::from_millis(100));
            Clock::system().sleep(Duration::from_millis(2)).await;
        }
        work.await.unwrap()
    }

    /// Waits for what others are doing, while time passes.
    pub(crate) async fn until(&self, done: impl AsyncFn() -> bool) {
        let mut looks = 0;
        while !done().await {
            looks += 1;
            assert!(looks < 2_000, "it did not come to that");
            self.hands.advance(Duration::from_millis(100));
            Clock::system().sleep(Duration::from_millis(2)).await;
        }
    }

    /// Waits until the project's record says this, and no change is under way.
    pub(crate) async fn settles(&self, project: &str, status: Status) {
        self.until(async || {
            let record = self.find(project).await;
            record.is_some_and(|record| record.status == status && record.operation.is_none())
        })
        .await;
    }

    /// The project's record, as the database has it.
    pub(crate) async fn record(&self, project: &str) -> Connection {
        self.find(project).await.unwrap()
    }

    pub(crate) async fn find(&self, project: &str) -> Option<Connection> {
        let cold = Directory::open(self.database.clone(), self.parts.clock.clone());
        cold.connection_of_project(&self::project(project))
            .await
            .unwrap()
    }

    pub(crate) fn url(&self, record: &Connection) -> String {
        let path = self.parts.secrets.path(&record.id, record.current).unwrap();
        format!("{BASE}{}", path.expose())
    }

    /// The webhook that Telegram has for a bot.
    pub(crate) fn webhook(&self, bot: BotId) -> String {
        let info = self.control.webhook_info(bot).unwrap();
        info["url"].as_str().unwrap().to_owned()
    }

    /// Record and Telegram say the same: the bot is connected.
    pub(crate) async fn is_connected(&self, project: &str, bot: BotId) -> Connection {
        let record = self.record(project).await;
        assert_eq!(record.status, Status::Active, "{record:?}");
        assert_eq!(
            (record.operation.as_deref(), &*record.step),
            (None, "confirmed")
        );
        assert_eq!(record.telegram_bot_id.value(), bot.0);
        assert_eq!(self.webhook(bot), self.url(&record));
        let told = self.calls(bot, "setWebhook").pop().unwrap();
        let secret =
            self.parts
                .secrets
                .token(&record.project, record.telegram_bot_id, record.current);
        assert_eq!(told.parameters["secret_token"], secret.unwrap().expose());
        record
    }

    /// Our own calls of a method that reached Telegram, oldest first.
    pub(crate) fn calls(&self, bot: BotId, method: &str) -> Vec<CallRecord> {
        let calls = self.control.calls(bot).into_iter();
        calls
            .filter(|call| call.method == method && call.via == Via::Http)
            .collect()
    }

    pub(crate) fn fail(&self, bot: BotId, method: &str, how: FailureKind) {
        self.control.fail(Failure::next(1, how).of(bot).on(method));
    }

    /// The call after the next one fails.
    pub(crate) fn fail_second(&self, bot: BotId, method: &str, how: FailureKind) {
        self.fail(bot, method, FailureKind::Delay(0));
        self.fail(bot, method, how);
    }

    /// Whether a request of this registration would be accepted now.
    pub(crate) async fn accepts(&self, id: &ConnectionId, registration: Registration) -> bool {
        let live = self.parts.directory.live(id).await.unwrap().unwrap();
        live.accepts(registration, self.parts.clock.now())
    }

    /// The bodies of all events, the oldest first.
    pub(crate) async fn events(&self) -> Vec<serde_json::Value> {
        events(&self.database).await
    }

    /// What was announced, and of which bot, the oldest first.
    pub(crate) async fn announced(&self) -> Vec<(String, String)> {
        announced(&self.database).await
    }

    pub(crate) fn is_parked(&self, id: &ConnectionId) -> bool {
        self.parts
            .dispatcher
            .snapshot_of(id)
            .is_some_and(|bot| bot.paused)
    }
}

/// Somebody wants to hear of everything.
pub(crate) async fn has_endpoint(events: &PlatformEvents) {
    let endpoint = NewEndpoint {
        url: "https://events.example.com/".parse().unwrap(),
        description: String::new(),
        types: EventTypes::All,
    };
    events.endpoint_create(&endpoint).await.unwrap();
}

/// The bodies of all events in a database, in the order in which they are delivered to the one endpoint there is.
pub(crate) async fn events(database: &Database) -> Vec<serde_json::Value> {
    #[derive(diesel::QueryableByName)]
    struct Event {
        #[diesel(sql_type = diesel::sql_types::Binary)]
        body: Vec<u8>,
    }
    let query = diesel::sql_query(
        "SELECT e.body FROM platform_events e LEFT JOIN event_deliveries d ON d.event_id = e.id \
         ORDER BY d.number",
    );
    let mut link = database.connect().await.unwrap();
    let events: Vec<Event> = link.fetch(query).await.unwrap();
    let read = |event: &Event| serde_json::from_slice(&event.body).unwrap();
    events.iter().map(read).collect()
}

/// What was announced, and of which bot, the oldest first.
pub(crate) async fn announced(database: &Database) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let of = |event: &serde_json::Value| (text(&event["type"]), text(&event["data"]["bot_id"]));
    events(database).await.iter().map(of).collect()
}

/// The parts of a server; its inbox hands nothing over yet.
pub(crate) async fn parts(
    database: &Database,
    clock: &Clock,
    api_root: &str,
    entropy: Entropy,
) -> Parts {
    let ring = KeyRing::new(KeyId::new(1), MasterKey::from_bytes(&[7; 32]));
    let client = ClientConfig {
        api_root: api_root.parse().unwrap(),
        // What a repetition would mend shall be seen.
        attempts: 1,
        ..ClientConfig::default()
    };
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
    let vault = TokenVault::new(&ring, entropy.clone());
    let outbound = OutboundHttp::new(OutboundConfig::default(), clock.clone()).unwrap();
    let events = PlatformEvents::new(
        database.clone(),
        vault.clone(),
        outbound,
        clock.clone(),
        entropy.clone(),
        platform_events::Config::default(),
    );
    Parts {
        client: Client::new(client, clock.clone(), entropy.clone()).unwrap(),
        clock: clock.clone(),
        directory: Directory::open(database.clone(), clock.clone()),
        dispatcher,
        entropy,
        events,
        inbox,
        secrets: WebhookSecrets::new(&ring),
        vault,
    }
}

struct Nobody;

impl Perform for Nobody {
    async fn perform(&self, _: &ConnectionId, _: &Call) -> Result<(), update_dispatcher::Failure> {
        Ok(())
    }
}

pub(crate) fn project(name: &str) -> ProjectId {
    format!("prj_{name}").parse().unwrap()
}

pub(crate) fn bot_token(token: &Token) -> BotToken {
    token.expose().parse().unwrap()
}
