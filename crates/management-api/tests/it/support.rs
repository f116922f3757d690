//! The API over a simulated Telegram, with a clock that is turned by hand.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bot_connection::{BotConnections, ConnectConfig, Pace, Parts};
use bytes::Bytes;
use clock::{Clock, Entropy, ManualClock};
use connection_directory::Directory;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use ids::{ConnectionId, KeyId, ProjectId};
use key_ring::{KeyRing, MasterKey};
use management_api::{
    Abilities, ApiTokens, Check, Environment, ManagementApi, PlainToken, Readiness, Updates,
};
use outbound_http::{OutboundConfig, OutboundHttp};
use platform_events::PlatformEvents;
use serde_json::{Value, json};
use store::testing::on_every_database;
use store::{Database, Schema};
use telegram_bot_api::{Call, Client, ClientConfig, UpdateKind};
use telegram_simulator::{Control, Simulator, SimulatorConfig, Token};
use token_vault::TokenVault;
use tokio::task::JoinHandle;
use update_dispatcher::{Dispatcher, DispatcherConfig, Perform};
use update_inbox::{Inbox, InboxConfig};
use webhook_secret::WebhookSecrets;

/// How long a test waits for what really happens, on the machine's clock.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
const BASE: &str = "https://bots.example.com";

pub(crate) struct Place {
    pub(crate) api: ManagementApi,
    /// Good for everything.
    pub(crate) bearer: String,
    pub(crate) clock: Clock,
    pub(crate) control: Control,
    pub(crate) database: Database,
    pub(crate) hands: ManualClock,
    pub(crate) inbox: Inbox,
    /// Whether an update can be stored, as the readiness checks see it.
    pub(crate) ready: Arc<AtomicBool>,
    pub(crate) tokens: ApiTokens,
    /// Everything that was ever answered, head and body.
    said: Arc<Mutex<String>>,
    _simulator: Simulator,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// Runs a test on a fresh database of each kind.
pub(crate) async fn on_both(test: impl AsyncFn(Place)) {
    on_every_database(Schema::Main, async |database| {
        test(Place::start(database, Some(BASE)).await).await;
    })
    .await;
}

/// The same for a server that was not told its public address.
pub(crate) async fn on_both_without_public_url(test: impl AsyncFn(Place)) {
    on_every_database(Schema::Main, async |database| {
        test(Place::start(database, None).await).await;
    })
    .await;
}

impl Place {
    async fn start(database: Database, public_url: Option<&str>) -> Self {
        let (clock, hands) = Clock::manual();
        let simulator = SimulatorConfig::new(clock.clone(), Entropy::seeded(11));
        let simulator = Simulator::start(simulator).await.unwrap();
        let control = simulator.control();
        // The simulator's own receiver takes whatever comes, for every host that it hears of from a rival.
        let (other, _) = control.new_bot("Other", "other_bot");
        control.rival_sets_webhook(other, BASE).unwrap();
        let config = ConnectConfig {
            allowed_updates: UpdateKind::ALL.to_vec(),
            max_connections: 40,
            pace: Pace::without_new_bot_limits(),
            public_url: public_url.map(|url| url.parse().unwrap()),
            resolves_name: false,
        };
        let parts = parts(&database, &clock, &simulator).await;
        let (inbox, dispatcher) = (parts.inbox.clone(), parts.dispatcher.clone());
        let updates = Updates::new(inbox.clone(), dispatcher, parts.directory.clone());
        let connections = BotConnections::new(parts, config);
        let entropy = Entropy::seeded(3);
        let tokens = ApiTokens::new(
            database.clone(),
            Environment::Live,
            clock.clone(),
            entropy.clone(),
        );
        let bearer = tokens.mint("all", Abilities::all(), None).await.unwrap();
        let ready = Arc::new(AtomicBool::new(true));
        let checks = Arc::new(Checks(Arc::clone(&ready)));
        let api = ManagementApi::new(
            connections,
            tokens.clone(),
            updates,
            checks,
            clock.clone(),
            entropy,
        );
        Self {
            api,
            bearer: bearer.expose().to_owned(),
            clock,
            control,
            database,
            hands,
            inbox,
            ready,
            tokens,
            said: Arc::default(),
            _simulator: simulator,
        }
    }

    /// A request by the bearer who may do everything.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {}", self.bearer);
        self.send_as(&[&bearer], method, path, body).await
    }

    pub(crate) async fn send_as(
        &self,
        authorization: &[&str],
        method: &str,
        path: &str,
        body: &str,
    ) -> Answer {
        let request = request(authorization, method, path, body);
        let response = self.api.handle(request).await;
        self.read(response).await
    }

    /// A request that is answered while time is turned by others.
    pub(crate) fn start_sending(
        &self,
        method: &str,
        path: &str,
        body: &str,
    ) -> JoinHandle<http::Response<Full<Bytes>>> {
        let bearer = format!("Bearer {}", self.bearer);
        let (api, request) = (self.api.clone(), request(&[&bearer], method, path, body));
        tokio::spawn(async move { api.handle(request).await })
    }

    /// Puts a token two seconds after whatever came before: Telegram takes one setWebhook a second.
    pub(crate) async fn put(&self, project: &str, token: &Token) -> Answer {
        self.hands.advance(Duration::from_secs(2));
        self.send("PUT", &bot(project), &pasted(token)).await
    }

    pub(crate) async fn read(&self, response: http::Response<Full<Bytes>>) -> Answer {
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        self.said
            .lock()
            .unwrap()
            .push_str(&format!("{:?}\n{text}\n", head.headers));
        let body = serde_json::from_str(&text).unwrap();
        let answer = Answer {
            status: head.status,
            headers: head.headers,
            body,
        };
        let request = answer.header("x-request-id");
        assert!(
            request.starts_with("req_") && request.len() == 30,
            "{request}"
        );
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        if answer.status.is_client_error() || answer.body.get("error").is_some() {
            let error = &answer.body["error"];
            assert_eq!(error["request_id"], request);
            for told in ["code", "message", "docs_url", "remediation"] {
                assert!(
                    error[told].as_str().is_some_and(|text| text.len() > 3),
                    "{error}"
                );
            }
        }
        answer
    }

    /// A new API token.
    pub(crate) async fn mint(
        &self,
        abilities: Abilities,
        project: Option<ProjectId>,
    ) -> PlainToken {
        let minted = self.tokens.mint("test", abilities, project);
        minted.await.unwrap()
    }

    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn data(&self) -> &Value {
        &self.body["data"]
    }

    /// Status and code of a refusal.
    pub(crate) fn fault(&self) -> (u16, &str) {
        (
            self.status.as_u16(),
            self.body["error"]["code"].as_str().unwrap_or_default(),
        )
    }
}

/// As the header has it.
pub(crate) fn bearer(token: &PlainToken) -> String {
    format!("Bearer {}", token.expose())
}

fn request(
    authorization: &[&str],
    method: &str,
    path: &str,
    body: &str,
) -> Request<http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>> {
    let mut request = Request::builder().method(method).uri(path);
    for value in authorization {
        request = request.header("authorization", *value);
    }
    let body = Full::new(Bytes::from(body.to_owned())).boxed_unsync();
    request.body(body).unwrap()
}

pub(crate) fn bot(project: &str) -> String {
    format!("/v1/projects/prj_{project}/bot")
}

pub(crate) fn pasted(token: &Token) -> String {
    json!({"token": token.expose()}).to_string()
}

async fn parts(database: &Database, clock: &Clock, simulator: &Simulator) -> Parts {
    let entropy = Entropy::seeded(7);
    let ring = KeyRing::new(KeyId::new(1), MasterKey::from_bytes(&[7; 32]));
    let client = ClientConfig {
        api_root: simulator.api_root().parse().unwrap(),
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
    inbox.attach(dispatcher.clone());
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

struct Checks(Arc<AtomicBool>);

impl Readiness for Checks {
    fn checks(&self) -> Pin<Box<dyn Future<Output = Vec<Check>> + Send + '_>> {
        Box::pin(async {
            let ok = self.0.load(Ordering::Relaxed);
            vec![
                Check {
                    name: "inbox",
                    ok,
                    decides: true,
                },
                Check {
                    name: "bot_api",
                    ok: false,
                    decides: false,
                },
            ]
        })
    }
}
