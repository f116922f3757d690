use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use clock::Clock;
use http::{Request, Response};
use hyper::service::Service;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::body::Body;
use crate::connection::{self, Terms};
use crate::ending::Ending;
use crate::gate::Gate;
use crate::limits::Limits;
use crate::monitor::{HeadFault, Tally};

/// Serves one connection that was accepted elsewhere, over any stream: a Unix socket, a pair in memory. The rules are those of a
/// [`Listener`](crate::Listener), but for the caps on connections, with their evictions, and the graceful end, which need one.
pub async fn serve_stream<S, B, T>(
    service: S,
    stream: T,
    peer: SocketAddr,
    limits: Limits,
    clock: Clock,
    observer: impl Fn(SocketAddr, HeadFault) + Send + Sync + 'static,
) where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: http_body::Body + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let terms = Terms {
        tally: Tally::new(Gate::new(&limits)),
        limits,
        clock,
        observer: Arc::new(observer),
        ending: Ending::new(),
    };
    let watch = terms.watch();
    connection::serve(service, terms, watch, stream, peer).await;
}
