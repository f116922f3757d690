//! The API over a simulated Telegram, with a clock that is turned by hand.

use std::convert::Infallible;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bot_connection::Pace;
use bot_health::BotHealth;
use bytes::Bytes;
use clock::{Clock, Entropy, ManualClock, Timestamp};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use ids::ProjectId;
use management_api::{Abilities, ApiTokens, ManagementApi, PlainToken};
use platform_events::PlatformEvents;
use serde_json::{Value, json};
use store::testing::on_every_database;
use store::{Database, Schema};
use telegram_simulator::{BotId, Control, Simulator, SimulatorConfig, Token};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use update_inbox::Inbox;

use crate::server::{self, World};

/// How long a test waits for what really happens, on the machine's clock.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
const RIVAL: &str = "https://rival.example.com/AAAsecret";
const BASE: &str = "https://bots.example.com";

pub(crate) struct Place {
    pub(crate) api: ManagementApi,
    /// Good for everything.
    pub(crate) bearer: String,
    pub(crate) clock: Clock,
    pub(crate) control: Control,
    pub(crate) database: Database,
    pub(crate) events: PlatformEvents,
    /// Holds the key file.
    pub(crate) folder: TempDir,
    pub(crate) hands: ManualClock,
    pub(crate) health: BotHealth,
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
        let pace = Pace::without_new_bot_limits();
        test(Place::start(database, Some(BASE), pace).await).await;
    })
    .await;
}

/// The same at the pace that Telegram's own server asks for.
pub(crate) async fn on_both_at_telegrams_pace(test: impl AsyncFn(Place)) {
    on_every_database(Schema::Main, async |database| {
        test(Place::start(database, Some(BASE), Pace::default()).await).await;
    })
    .await;
}

/// The same for a server that was not told its public address.
pub(crate) async fn on_both_without_public_url(test: impl AsyncFn(Place)) {
    on_every_database(Schema::Main, async |database| {
        let pace = Pace::without_new_bot_limits();
        test(Place::start(database, None, pace).await).await;
    })
    .await;
}

impl Place {
    async fn start(database: Database, public_url: Option<&str>, pace: Pace) -> Self {
        let (clock, hands) = Clock::manual();
        // Not at its beginning: what is told in seconds must not be lost among zeros.
        hands.set(Timestamp::from_unix_us(1_770_000_000_000_000));
        let simulator = SimulatorConfig::new(clock.clone(), Entropy::seeded(11));
        let simulator = Simulator::start(simulator).await.unwrap();
        let control = simulator.control();
        // The simulator's own receiver takes whatever comes, for every host that it hears of from a rival.
        let (other, _) = control.new_bot("Other", "other_bot");
        control.rival_sets_webhook(other, BASE).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let world = World {
            clock: &clock,
            database: &database,
            folder: folder.path(),
            pace,
            public_url,
            simulator: &simulator,
        };
        let (parts, inbox, ready) = server::parts(&world).await;
        let minted = parts.tokens.mint("all", Abilities::all(), None);
        Self {
            bearer: minted.await.unwrap().expose().to_owned(),
            clock,
            control,
            database,
            events: parts.events.clone(),
            hands,
            health: parts.health.clone(),
            inbox,
            ready,
            tokens: parts.tokens.clone(),
            api: ManagementApi::new(parts),
            said: Arc::default(),
            folder,
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

    /// Has another service take a bot, when its webhook may be set again.
    pub(crate) fn rival(&self, bot: BotId) {
        self.hands.advance(Duration::from_secs(2));
        self.control.rival_sets_webhook(bot, RIVAL).unwrap();
    }

    /// Watches over the bots until the answer to a call is as wanted.
    pub(crate) async fn watch_until(&self, path: &str, wanted: impl Fn(&Answer) -> bool) {
        let health = self.health.clone();
        let watching = tokio::spawn(async move { health.run().await });
        for _ in 0..500 {
            if wanted(&self.send("GET", path, "").await) {
                watching.abort();
                return;
            }
            self.hands.advance(Duration::from_millis(500));
            Clock::system().sleep(Duration::from_millis(2)).await;
        }
        unreachable!("it did not come to that: {path}");
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
