use std::convert::Infallible;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::{Clock, Entropy};
use connection_directory::{Directory, LiveConnection, Status};
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use http_listener::{HeadFault, read_body};
use hyper::service::{Service, service_fn};
use ids::ConnectionId;
use request_log::{Outcome, RequestLog, RequestRecord};
use telegram_bot_api::{Envelope, EnvelopeFault};
use update_inbox::{Inbox, Received};
use webhook_secret::WebhookSecrets;

use crate::bodies::Bodies;
use crate::config::IngressConfig;
use crate::head;
use crate::milestones::Milestones;
use crate::request_ids::RequestIds;
use crate::verdict::Verdict;
use crate::visit::Visit;

/// Answers webhook requests. Cheap to clone.
#[derive(Clone)]
pub struct Ingress(Arc<Inner>);

struct Inner {
    secrets: WebhookSecrets,
    directory: Directory,
    inbox: Inbox,
    log: RequestLog,
    clock: Clock,
    request_ids: RequestIds,
    bodies: Bodies,
    lookups_failed: Milestones,
    quarantined: Milestones,
    config: IngressConfig,
}

impl Ingress {
    /// An ingress over what verifies, knows, stores and logs.
    #[must_use]
    pub fn new(
        secrets: WebhookSecrets,
        directory: Directory,
        inbox: Inbox,
        log: RequestLog,
        clock: Clock,
        entropy: &Entropy,
        config: IngressConfig,
    ) -> Self {
        Self(Arc::new(Inner {
            secrets,
            directory,
            inbox,
            log,
            clock,
            request_ids: RequestIds::new(entropy),
            bodies: Bodies::new(config.max_reading_bytes),
            lookups_failed: Milestones::default(),
            quarantined: Milestones::default(),
            config,
        }))
    }

    /// Answers one request of a peer: with 200 only when its update is on disk, and always without a body.
    ///
    /// Dropping the future is allowed at any time, and recorded as a cut connection. An update that was being stored then may
    /// be stored or not; Telegram brings it again, and it is not handled twice.
    pub async fn answer<B>(&self, peer: IpAddr, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let inner = &*self.0;
        let record = inner.record(peer, Outcome::RejectedCut);
        let mut visit = Visit::begin(&inner.log, &inner.clock, record);
        let verdict = inner.judge(request, &mut visit).await;
        visit.end(verdict.unwrap_or_else(|refusal| refusal))
    }

    /// The same as a service for one peer, for [`http_listener::Listener::serve`] or any other hyper server.
    pub fn service<B>(
        &self,
        peer: IpAddr,
    ) -> impl Service<Request<B>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + use<B>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let ingress = self.clone();
        service_fn(move |request: Request<B>| {
            let ingress = ingress.clone();
            async move { Ok(ingress.answer(peer, request).await) }
        })
    }

    /// Records a request that never became one: for [`http_listener::Listener::observe`].
    pub fn record_head_fault(&self, peer: SocketAddr, fault: HeadFault) {
        let (outcome, status) = match fault {
            HeadFault::Overloaded => (Outcome::RejectedOverloaded, 0),
            HeadFault::TooLarge => (Outcome::RejectedTooLarge, 431),
            HeadFault::TimedOut => (Outcome::RejectedTimedOut, 0),
            HeadFault::Cut => (Outcome::RejectedCut, 0),
            _ => (Outcome::RejectedMalformed, 400),
        };
        let record = self.0.record(peer.ip(), outcome);
        self.0.log.record(RequestRecord { status, ..record });
    }
}

impl std::fmt::Debug for Ingress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ingress")
    }
}

impl Inner {
    /// The way of a request, the cheapest refusals first.
    async fn judge<B>(&self, request: Request<B>, visit: &mut Visit<'_>) -> Result<Verdict, Verdict>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let live = self.recognize(&head, visit).await?;
        let body = self.read(body, visit).await?;
        if live.status == Status::Disconnected {
            return Ok(Verdict::new(Outcome::IgnoredDisconnected));
        }
        let stored = match Envelope::read(&body) {
            Ok(envelope) => self.store(&live, &envelope, body, visit).await,
            Err(fault) => self.quarantine(&live, &fault, body, visit).await,
        };
        visit.was_stored();
        stored
    }

    /// The connection that a request is for, if Telegram sent it.
    async fn recognize(
        &self,
        head: &Parts,
        visit: &mut Visit<'_>,
    ) -> Result<Arc<LiveConnection>, Verdict> {
        let (connection, registration) = head::registration(&self.secrets, head)?;
        visit.is_for(&connection);
        let unknown = Verdict::new(Outcome::RejectedUnknownPath);
        let live = self.live(&connection).await?.ok_or(unknown)?;
        visit.is_of(&live.project);
        if !live.accepts(registration, visit.at()) {
            return Err(unknown);
        }
        head::prove(&self.secrets, head, &live, registration)?;
        visit.is_proved();
        head::unambiguous(head)?;
        Ok(live)
    }

    async fn live(
        &self,
        connection: &ConnectionId,
    ) -> Result<Option<Arc<LiveConnection>>, Verdict> {
        self.directory.live(connection).await.map_err(|error| {
            // Whoever knows a path can have it fail as often as he likes.
            if let Some(failures) = self.lookups_failed.next() {
                let error = &error as &dyn Error;
                tracing::warn!(%connection, error, failures, "connection cannot be looked up");
            }
            Verdict::new(Outcome::RejectedUnavailable)
        })
    }

    async fn read<B>(&self, body: B, visit: &mut Visit<'_>) -> Result<Bytes, Verdict>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let limit_bytes = self.config.max_body_bytes;
        let hint = body.size_hint();
        visit.has_bytes(hint.lower());
        let most = hint.upper().map_or(limit_bytes, |upper| {
            usize::try_from(upper).map_or(limit_bytes, |upper| upper.min(limit_bytes))
        });
        let room = self.bodies.claim(most);
        let _room = room.ok_or(Verdict::overloaded(NO_ROOM_RETRY_AFTER))?;
        let body = read_body(body, limit_bytes, &self.clock, self.config.body_deadline).await?;
        visit.was_read(body.len());
        Ok(body)
    }

    async fn store(
        &self,
        live: &LiveConnection,
        envelope: &Envelope,
        body: Bytes,
        visit: &mut Visit<'_>,
    ) -> Result<Verdict, Verdict> {
        visit.brings(envelope);
        let received = Received::new(live.connection.clone(), envelope, visit.at(), body);
        let receipt = self.inbox.receive(received).await?;
        #[cfg(feature = "failpoints")]
        fail::fail_point!("ingress-before-answer", |_| std::process::abort());
        Ok(receipt.into())
    }

    /// Keeps and acknowledges what only Telegram can have sent: a refusal would bring it again and again, and hold up
    /// everything behind it.
    async fn quarantine(
        &self,
        live: &LiveConnection,
        fault: &EnvelopeFault,
        body: Bytes,
        visit: &Visit<'_>,
    ) -> Result<Verdict, Verdict> {
        let connection = &live.connection;
        match self.quarantined.next() {
            Some(updates) => {
                tracing::warn!(%connection, %fault, updates, "update cannot be read: quarantined");
            }
            None => tracing::debug!(%connection, %fault, "update cannot be read: quarantined"),
        }
        let owner = live.connection.clone();
        let reason = fault.to_string();
        self.inbox
            .quarantine(owner, visit.at(), body, &reason)
            .await?;
        Ok(Verdict::new(Outcome::Quarantined))
    }

    fn record(&self, remote: IpAddr, outcome: Outcome) -> RequestRecord {
        let at = self.clock.now();
        RequestRecord {
            at,
            request_id: self.request_ids.next(at),
            connection: None,
            project: None,
            proved: false,
            remote,
            outcome,
            status: 0,
            bytes: 0,
            update_id: None,
            kind: None,
            read_us: 0,
            store_us: 0,
            total_us: 0,
        }
    }
}

/// Bodies are read in well below a second, and every kind of update lives longer.
const NO_ROOM_RETRY_AFTER: Duration = Duration::from_secs(1);
