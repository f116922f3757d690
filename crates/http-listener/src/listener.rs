use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::Arc;

use clock::Clock;
use http::{Request, Response};
use hyper::service::Service;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accept;
use crate::body::Body;
use crate::connection::{self, Terms};
use crate::ending::{Ending, Stage};
use crate::error::Error;
use crate::gate::Gate;
use crate::limits::Limits;
use crate::monitor::{HeadFault, Monitor, Observer, Tally, count};

/// A socket that listens, and the rules for whoever connects.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    limits: Limits,
    clock: Clock,
    observer: Observer,
    tally: Arc<Tally>,
}

/// How [`Listener::serve`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that had to be cut because a request was still in flight after [`Limits::drain`].
    pub cut: usize,
}

impl Listener {
    /// Listens at an address; port 0 stands for any free one. Connections wait until [`Listener::serve`].
    ///
    /// # Errors
    /// [`Error::Bind`] when the operating system refuses.
    pub async fn bind(address: SocketAddr, limits: Limits, clock: Clock) -> Result<Self, Error> {
        let bind_error = |source| Error::Bind { address, source };
        let socket = TcpListener::bind(address).await.map_err(bind_error)?;
        let address = socket.local_addr().map_err(bind_error)?;
        let tally = Tally::new(Gate::new(&limits));
        Ok(Self {
            socket,
            address,
            limits,
            clock,
            observer: Arc::new(|_, _| {}),
            tally,
        })
    }

    /// Where it listens, with the port that was chosen.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Has a function told of every connection that broke off or was refused before a service could see its request.
    /// It is called on the connection's task and must not block.
    #[must_use]
    pub fn observe(
        mut self,
        observer: impl Fn(SocketAddr, HeadFault) + Send + Sync + 'static,
    ) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// Counts connections and requests while this listener serves.
    #[must_use]
    pub fn monitor(&self) -> Monitor {
        Monitor(Arc::clone(&self.tally))
    }

    /// Serves HTTP/1 until `shutdown`: then accepts no more, closes idle connections, lets requests in flight finish
    /// within [`Limits::drain`] and cuts the rest. Each connection has a task, and a service that is made for its peer; one
    /// that fails or panics ends its connection only.
    pub async fn serve<S, B>(
        self,
        make_service: impl Fn(SocketAddr) -> S,
        shutdown: CancellationToken,
    ) -> Drained
    where
        S: Service<Request<Body>, Response = Response<B>> + Send + Sync + 'static,
        S::Future: Send,
        S::Error: Into<Box<dyn StdError + Send + Sync>>,
        B: http_body::Body + Send + Unpin + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let Self {
            socket,
            address,
            limits,
            clock,
            observer,
            tally,
        } = self;
        tracing::debug!(%address, "listening");
        let drain = limits.drain;
        let terms = Terms {
            limits,
            clock,
            observer,
            tally,
            ending: Ending::new(),
        };
        let connections = TaskTracker::new();
        accept_all(&socket, make_service, &terms, &connections, &shutdown).await;
        drop(socket);
        terms.ending.tell(Stage::Draining);

        connections.close();
        let drained = terms.clock.timeout(drain, connections.wait()).await;
        let cut = if drained.is_err() {
            connections.len()
        } else {
            0
        };
        terms.ending.tell(Stage::Killed);
        connections.wait().await;
        tracing::debug!(%address, cut, "stopped listening");
        Drained { cut }
    }
}

async fn accept_all<S, B>(
    socket: &TcpListener,
    make_service: impl Fn(SocketAddr) -> S,
    terms: &Terms,
    connections: &TaskTracker,
    shutdown: &CancellationToken,
) where
    S: Service<Request<Body>, Response = Response<B>> + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: http_body::Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let next = || accept::next(socket, &terms.clock);
    while let Some((stream, peer)) = shutdown.run_until_cancelled(next()).await {
        let watch = terms.watch();
        let Some(seat) = terms.tally.gate.enter(peer.ip(), &watch) else {
            count(&terms.tally.turned_away);
            (terms.observer)(peer, HeadFault::Overloaded);
            continue;
        };
        count(&terms.tally.accepted);
        let (service, terms) = (make_service(peer), terms.clone());
        connections.spawn(async move {
            connection::serve(service, terms, watch, stream, peer).await;
            drop(seat);
        });
    }
}
