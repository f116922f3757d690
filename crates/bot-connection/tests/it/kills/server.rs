//! A whole server as far as connections go: it receives updates over a socket, and keeps them.

use std::net::SocketAddr;

use bot_connection::{BotConnections, ConnectConfig, Pace, Parts};
use clock::{Clock, Entropy};
use http_listener::{Limits, Listener};
use request_log::RequestLog;
use serde_json::{Value, json};
use store::{Database, DatabaseUrl, Schema};
use telegram_bot_api::UpdateKind;
use tokio_util::sync::CancellationToken;
use webhook_ingress::{Ingress, IngressConfig};

use crate::support::{self, BASE};

/// What a server is started from, in whichever process.
#[derive(Clone)]
pub(super) struct Home {
    pub(super) database: String,
    /// The file of the request log.
    pub(super) requests: String,
    pub(super) api_root: String,
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) connections: BotConnections,
    pub(super) parts: Parts,
    stop: CancellationToken,
}

impl Home {
    pub(super) fn to_json(&self) -> Value {
        json!({"database": self.database, "requests": self.requests, "api_root": self.api_root})
    }

    pub(super) fn of_json(json: &Value) -> Self {
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        Self {
            database: text("database"),
            requests: text("requests"),
            api_root: text("api_root"),
        }
    }
}

impl Server {
    pub(super) async fn start(home: &Home, clock: &Clock) -> Self {
        let database = home.database.parse().unwrap();
        let database = Database::open(&database, 4).await.unwrap();
        let entropy = Entropy::system();
        let parts = support::parts(&database, clock, &home.api_root, entropy.clone()).await;
        let disconnected = parts.directory.connections_disconnected_ids().await;
        for connection in disconnected.unwrap() {
            parts.dispatcher.pause(&connection);
            parts.inbox.park(&connection);
        }
        let ingress = Ingress::new(
            parts.secrets.clone(),
            parts.directory.clone(),
            parts.inbox.clone(),
            request_log(home, clock).await,
            clock.clone(),
            &entropy,
            IngressConfig::default(),
        );
        let (address, stop) = listen(ingress, clock).await;
        Self {
            address,
            connections: BotConnections::new(parts.clone(), config()),
            parts,
            stop,
        }
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.parts.inbox.close().await;
    }
}

fn config() -> ConnectConfig {
    ConnectConfig {
        allowed_updates: UpdateKind::ALL.to_vec(),
        max_connections: 40,
        pace: Pace::without_new_bot_limits(),
        public_url: Some(BASE.parse().unwrap()),
        resolves_name: false,
    }
}

async fn request_log(home: &Home, clock: &Clock) -> RequestLog {
    let url = DatabaseUrl::of_sqlite_file(&home.requests);
    let requests = Database::open(&url, 2).await.unwrap();
    requests.migrate(Schema::Requests).await.unwrap();
    let config = request_log::Config::default();
    let log = RequestLog::start(requests, config, clock.clone());
    log.await.unwrap()
}

async fn listen(ingress: Ingress, clock: &Clock) -> (SocketAddr, CancellationToken) {
    let loopback = "127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind(loopback, Limits::default(), clock.clone());
    let listener = listener.await.unwrap();
    let (address, stop) = (listener.local_addr(), CancellationToken::new());
    let service = move |peer: SocketAddr| ingress.service(peer.ip());
    tokio::spawn(listener.serve(service, stop.clone()));
    (address, stop)
}
