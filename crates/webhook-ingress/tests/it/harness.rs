use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use clock::{Clock, Entropy, ManualClock, Timestamp};
use connection_directory::{Connection, Directory, Status};
use http::Request;
use http_body_util::Full;
use http_listener::{Limits, Listener};
use ids::{ConnectionId, Generation, KeyId, TelegramBotId};
use key_ring::KeyRing;
use request_log::{Config as LogConfig, Filter, LoggedRequest, Outcome, RequestLog};
use store::{Database, DatabaseUrl, Schema};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use update_dispatcher::{Queued, Seq};
use update_inbox::{Inbox, InboxConfig};
use webhook_ingress::{Ingress, IngressConfig, SECRET_HEADER};
use webhook_secret::{Registration, WebhookSecrets};

/// A public listener and all that lies behind it, with one active connection.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) ingress: Ingress,
    pub(crate) clock: Clock,
    pub(crate) hands: ManualClock,
    pub(crate) database: Database,
    pub(crate) directory: Directory,
    pub(crate) inbox: Inbox,
    pub(crate) log: RequestLog,
    pub(crate) secrets: WebhookSecrets,
    pub(crate) connection: Connection,
    shutdown: CancellationToken,
    _folder: TempDir,
}

pub(crate) const KEY: KeyId = KeyId::new(1);
/// Who sends everything.
pub(crate) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

impl Site {
    pub(crate) async fn start() -> Self {
        Self::with(IngressConfig::default(), InboxConfig::default()).await
    }

    pub(crate) async fn with(config: IngressConfig, inbox: InboxConfig) -> Self {
        let (clock, hands) = Clock::manual();
        let entropy = Entropy::seeded(1);
        let folder = tempfile::tempdir().unwrap();
        let database = open(&folder, "memberpass.db", Schema::Main).await;
        let requests = open(&folder, "requests.db", Schema::Requests).await;
        let directory = Directory::open(database.clone(), clock.clone());
        let inbox = Inbox::start(inbox, database.clone(), clock.clone())
            .await
            .unwrap();
        let every_row = LogConfig {
            full_per_prefix: 10_000,
            ..LogConfig::default()
        };
        let log = RequestLog::start(requests, every_row, clock.clone())
            .await
            .unwrap();
        let secrets = WebhookSecrets::new(&KeyRing::generate(KEY, &entropy));
        let connection = connection(1, clock.now());
        directory.connection_insert(&connection).await.unwrap();
        let ingress = Ingress::new(
            secrets.clone(),
            directory.clone(),
            inbox.clone(),
            log.clone(),
            clock.clone(),
            &entropy,
            config,
        );
        let (address, shutdown) = serve(&ingress, &clock).await;
        Self {
            address,
            ingress,
            clock,
            hands,
            database,
            directory,
            inbox,
            log,
            secrets,
            connection,
            shutdown,
            _folder: folder,
        }
    }

    /// One more ingress over what this site has now.
    pub(crate) fn another_ingress(&self) -> Ingress {
        Ingress::new(
            self.secrets.clone(),
            self.directory.clone(),
            self.inbox.clone(),
            self.log.clone(),
            self.clock.clone(),
            &Entropy::seeded(2),
            IngressConfig::default(),
        )
    }

    /// A request as any server would hand it over.
    pub(crate) fn request(&self, body: &str) -> Request<Full<Bytes>> {
        Request::post(self.path())
            .header(SECRET_HEADER, self.token())
            .body(Full::from(body.to_owned()))
            .unwrap()
    }

    pub(crate) fn path_of(&self, connection: &ConnectionId, registration: Registration) -> String {
        self.secrets
            .path(connection, registration)
            .unwrap()
            .expose()
            .to_owned()
    }

    pub(crate) fn path(&self) -> String {
        self.path_of(&self.connection.id, self.connection.current)
    }

    pub(crate) fn token_of(&self, registration: Registration) -> String {
        let (project, bot) = (&self.connection.project, self.connection.telegram_bot_id);
        self.secrets
            .token(project, bot, registration)
            .unwrap()
            .expose()
            .to_owned()
    }

    pub(crate) fn token(&self) -> String {
        self.token_of(self.connection.current)
    }

    /// A request as Telegram writes it.
    pub(crate) fn push(&self, body: &str) -> String {
        self.push_to(&self.path(), &self.token(), body)
    }

    pub(crate) fn push_to(&self, path: &str, token: &str, body: &str) -> String {
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nHost: bots.example.com\r\nX-Telegram-Bot-Api-Secret-Token: {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: keep-alive\r\n\
             Accept-Encoding: gzip, deflate\r\n\r\n{body}"
        )
    }

    pub(crate) async fn connect(&self) -> Sender {
        Sender(TcpStream::connect(self.address).await.unwrap())
    }

    /// What a fresh connection answers to these bytes, without its date.
    pub(crate) async fn answer(&self, request: impl AsRef<[u8]>) -> String {
        self.connect().await.ask(request).await
    }

    /// Everything in the request log, the oldest first.
    pub(crate) async fn records(&self) -> Vec<LoggedRequest> {
        self.log.flush().await.unwrap();
        let page = self
            .log
            .requests_list(&Filter::default(), None, 10_000)
            .await;
        let mut records = page.unwrap().requests;
        records.reverse();
        records
    }

    pub(crate) async fn outcomes(&self) -> Vec<Outcome> {
        self.records()
            .await
            .iter()
            .map(|record| record.outcome)
            .collect()
    }

    /// Waits until the log has so many records, and answers their outcomes.
    pub(crate) async fn outcomes_when(&self, count: usize) -> Vec<Outcome> {
        within_patience(async {
            loop {
                let counts = self.log.counts();
                if counts.queued as usize >= count {
                    return self.outcomes().await;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }

    pub(crate) async fn pending(&self) -> Vec<Queued> {
        let pending = self
            .inbox
            .pending_list(&self.connection.id, Seq::ZERO, 1_000)
            .await;
        pending.unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A sender's end of a connection.
pub(crate) struct Sender(TcpStream);

impl Sender {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    pub(crate) async fn ask(&mut self, request: impl AsRef<[u8]>) -> String {
        self.send(request).await;
        self.read().await
    }

    /// Waits until the other end has closed, without another word.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        let end = within_patience(self.0.read_to_end(&mut rest)).await;
        end.is_ok() && rest.is_empty()
    }

    /// Reads one answer, which must have no body, and leaves out its date.
    pub(crate) async fn read(&mut self) -> String {
        let mut head = Vec::new();
        within_patience(async {
            while !head.ends_with(b"\r\n\r\n") {
                let byte = self.0.read_u8().await;
                head.push(byte.unwrap());
            }
        })
        .await;
        let head = String::from_utf8(head).unwrap();
        let lines = head
            .split_inclusive("\r\n")
            .filter(|line| !line.starts_with("date: "));
        lines.collect()
    }
}

async fn open(folder: &TempDir, name: &str, schema: Schema) -> Database {
    let url = DatabaseUrl::of_sqlite_file(folder.path().join(name));
    let database = Database::open(&url, 4).await.unwrap();
    database.migrate(schema).await.unwrap();
    database
}

async fn serve(ingress: &Ingress, clock: &Clock) -> (SocketAddr, CancellationToken) {
    // The ingress has its own, shorter deadline for bodies.
    let limits = Limits {
        body_deadline: Duration::from_secs(40),
        ..Limits::default()
    };
    let loopback = "127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind(loopback, limits, clock.clone())
        .await
        .unwrap();
    let observer = ingress.clone();
    let listener = listener.observe(move |peer, fault| observer.record_head_fault(peer, fault));
    let address = listener.local_addr();
    let shutdown = CancellationToken::new();
    let ingress = ingress.clone();
    let make_service = move |peer: SocketAddr| ingress.service(peer.ip());
    tokio::spawn(listener.serve(make_service, shutdown.clone()));
    (address, shutdown)
}

pub(crate) fn connection(number: u8, now: Timestamp) -> Connection {
    let id = ConnectionId::from_parts(1, [number; 10]);
    let project = format!("prj_{number}").parse().unwrap();
    let bot = TelegramBotId::new(number.into());
    let mut connection = Connection::connecting(id, project, bot, KEY, now);
    connection.status = Status::Active;
    connection.current = registration(1);
    connection
}

pub(crate) fn registration(generation: u32) -> Registration {
    Registration {
        generation: Generation::new(generation),
        key_id: KEY,
    }
}

/// A message in a chat, as Telegram would push it.
pub(crate) fn message(update_id: i64, chat: i64) -> String {
    format!(
        r#"{{"update_id":{update_id},"message":{{"message_id":1,"from":{{"id":7,"is_bot":false,"first_name":"A"}},"chat":{{"id":{chat},"type":"private"}},"date":1767225600,"text":"\u043f\u0440\u0438\u0432\u0435\u0442"}}}}"#
    )
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
pub(crate) const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";

#[expect(
    clippy::disallowed_methods,
    reason = "a test that hangs must fail, whatever its manual clock shows"
)]
async fn within_patience<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .unwrap()
}
