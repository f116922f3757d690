//! A real ingress with one live connection, and what it holds.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::Ipv4Addr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use clock::{Clock, Entropy, ManualClock};
use connection_directory::{Connection, Directory, Status};
use http::Request;
use http_body::{Frame, SizeHint};
use http_listener::{Body, BodyFault, Limits, serve_stream};
use hyper::service::service_fn;
use ids::{ConnectionId, Generation, KeyId, TelegramBotId};
use key_ring::KeyRing;
use request_log::RequestLog;
use store::{Database, DatabaseUrl, Schema};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use update_dispatcher::Seq;
use update_inbox::{Inbox, InboxConfig};
use webhook_ingress::{Ingress, IngressConfig};
use webhook_secret::{Registration, WebhookSecrets};

use super::wire::{Peer, Wire};

/// Who sends everything: an address that nobody has.
const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

pub(crate) struct Site {
    runtime: Runtime,
    ingress: Ingress,
    inbox: Inbox,
    clock: Clock,
    hands: ManualClock,
    connection: ConnectionId,
    /// What a sender has to know.
    pub(crate) path: Vec<u8>,
    pub(crate) secret: Vec<u8>,
    /// What was stored, by id and body.
    pub(crate) stored: Vec<(i64, Bytes)>,
    last_stored: Seq,
    last_quarantined: Seq,
    _folder: TempDir,
}

/// What came into the inbox.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) stored: usize,
    pub(crate) quarantined: usize,
}

impl Site {
    pub(crate) fn open() -> Fallible<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let folder = folder()?;
        let (clock, hands) = Clock::manual();
        let entropy = Entropy::seeded(1);
        let key_id = KeyId::new(1);
        let secrets = WebhookSecrets::new(&KeyRing::generate(key_id, &entropy));
        let (project, bot) = ("prj_1".parse()?, TelegramBotId::new(1));
        let id = ConnectionId::from_parts(1, [1; 10]);
        let mut connection = Connection::connecting(id.clone(), project, bot, key_id, clock.now());
        connection.status = Status::Active;
        connection.current = Registration {
            generation: Generation::new(1),
            key_id,
        };
        let path = secrets.path(&id, connection.current).ok_or("no such key")?;
        let secret = secrets
            .token(&connection.project, bot, connection.current)
            .ok_or("no such key")?;
        let (ingress, inbox) = runtime.block_on(async {
            let main = database(&folder, "memberpass.db", Schema::Main).await?;
            let requests = database(&folder, "requests.db", Schema::Requests).await?;
            let directory = Directory::open(main.clone(), clock.clone());
            directory.connection_insert(&connection).await?;
            let inbox = Inbox::start(InboxConfig::default(), main, clock.clone()).await?;
            let log = RequestLog::start(requests, request_log::Config::default(), clock.clone());
            let (log, config) = (log.await?, IngressConfig::default());
            let clock = clock.clone();
            let ingress = Ingress::new(
                secrets.clone(),
                directory,
                inbox.clone(),
                log,
                clock,
                &entropy,
                config,
            );
            Fallible::Ok((ingress, inbox))
        })?;
        Ok(Self {
            runtime,
            ingress,
            inbox,
            clock,
            hands,
            connection: id,
            path: path.expose().as_bytes().to_owned(),
            secret: secret.expose().as_bytes().to_owned(),
            stored: Vec::new(),
            last_stored: Seq::ZERO,
            last_quarantined: Seq::ZERO,
            _folder: folder,
        })
    }

    /// Serves a peer until its connection ends, and answers all that it is told.
    pub(crate) fn serve(&self, packets: VecDeque<Vec<u8>>, falls_silent: bool) -> Vec<u8> {
        let peer = Rc::new(RefCell::new(Peer::new(packets, falls_silent)));
        let service = service_fn(|request: Request<Body>| {
            let (ingress, flight) = (self.ingress.clone(), Flight::begin(&peer));
            let peer = Rc::clone(&peer);
            let request = request.map(|body| Noted { body, peer });
            async move {
                let answer = ingress.answer(PEER.into(), request).await;
                drop(flight);
                Ok::<_, Infallible>(answer)
            }
        });
        let observer = self.ingress.clone();
        let serving = serve_stream(
            service,
            Wire(Rc::clone(&peer)),
            (PEER, 443).into(),
            Limits::default(),
            self.clock.clone(),
            move |peer, fault| observer.record_head_fault(peer, fault),
        );
        self.runtime.block_on(async {
            let mut serving = pin!(serving);
            let mut waits = 0;
            poll_fn(|context| {
                while serving.as_mut().poll(context).is_pending() {
                    if !std::mem::take(&mut peer.borrow_mut().starved) {
                        return Poll::Pending;
                    }
                    waits += 1;
                    assert!(waits < 60, "still open after five minutes of silence");
                    self.hands.advance(Duration::from_secs(5));
                }
                Poll::Ready(())
            })
            .await;
        });
        peer.take().told
    }

    /// What has come into the inbox since this was asked last.
    pub(crate) fn came(&mut self) -> Fallible<Came> {
        let (after, owner) = (self.last_stored, &self.connection);
        let stored = self.inbox.pending_list(owner, after, 100);
        let stored = self.runtime.block_on(stored)?;
        let quarantined = self.inbox.quarantine_list(self.last_quarantined, 100);
        let quarantined = self.runtime.block_on(quarantined)?;
        if let Some(last) = stored.last() {
            self.last_stored = last.seq;
        }
        if let Some(last) = quarantined.last() {
            self.last_quarantined = last.seq;
        }
        let came = Came {
            stored: stored.len(),
            quarantined: quarantined.len(),
        };
        let stored = stored.into_iter();
        self.stored
            .extend(stored.map(|one| (one.update_id.value(), one.body)));
        Ok(came)
    }
}

/// In memory where there is such a place: nothing of it has to survive anything.
fn folder() -> Fallible<TempDir> {
    let in_memory = tempfile::tempdir_in("/dev/shm");
    Ok(in_memory.or_else(|_| tempfile::tempdir())?)
}

async fn database(folder: &TempDir, name: &str, schema: Schema) -> Fallible<Database> {
    let url = DatabaseUrl::of_sqlite_file(folder.path().join(name));
    let database = Database::open(&url, 2).await?;
    database.migrate(schema).await?;
    Ok(database)
}

/// A request that the service has not answered.
struct Flight(Rc<RefCell<Peer>>);

impl Flight {
    fn begin(peer: &Rc<RefCell<Peer>>) -> Self {
        peer.borrow_mut().asks();
        Self(Rc::clone(peer))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.borrow_mut().is_answered();
    }
}

/// A body that notes whether somebody waits for more of it.
struct Noted {
    body: Body,
    peer: Rc<RefCell<Peer>>,
}

impl http_body::Body for Noted {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.peer.borrow_mut().body_is_wanted(polled.is_pending());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
