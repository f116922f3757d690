//! The sockets: one for the Bot API, the control API and the page, one for rivals' webhooks.

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use clock::Clock;
use http::header::DATE;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::api;
use crate::api::http::Cut;
use crate::control::handle::Control;
use crate::control::http as control_http;
use crate::error::Error;

/// How long to wait when the system has no more sockets to give.
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .await
        .map_err(|source| Error::Listen { address, source })
}

/// Serves the Bot API, the control API and the page, for ever.
pub(crate) async fn serve(listener: TcpListener, control: Control, front_end: bool) {
    accept(&listener, |stream| {
        let control = control.clone();
        let peer = stream.peer_addr();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.ip());
        let service = service_fn(move |request| {
            let control = control.clone();
            async move { answer(&control, front_end, peer, request).await }
        });
        // An error here is a client that left, or one that we cut off.
        let served = http1::Builder::new()
            .half_close(true)
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), service);
        async move {
            let _ = served.await;
        }
    })
    .await;
}

/// Takes every request with a 200, for ever.
pub(crate) async fn swallow(listener: TcpListener) {
    accept(&listener, |stream| {
        let service = service_fn(|request: Request<Incoming>| async {
            // Whether the body could be read makes no difference here.
            let _ = request.into_body().collect().await;
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        async move {
            let _ = served.await;
        }
    })
    .await;
}

async fn answer(
    control: &Control,
    front_end: bool,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, CutOff> {
    let mut response = if control_http::owns(request.uri().path()) {
        control_http::handle(control, request).await
    } else {
        api::http::handle(&control.shared, front_end, peer, request)
            .await
            .map_err(|Cut| CutOff)?
    };
    response.headers_mut().extend(date(control));
    Ok(response)
}

/// The date by the simulator's clock, as far ahead as a test says.
fn date(control: &Control) -> Option<(HeaderName, HeaderValue)> {
    let world = control.shared.look();
    let now = world.clock.now().unix_seconds() + world.ahead_seconds;
    let date = UNIX_EPOCH + Duration::from_secs(now.try_into().ok()?);
    let text = HeaderValue::from_str(&httpdate::fmt_http_date(date));
    Some((DATE, text.ok()?))
}

async fn accept<F>(listener: &TcpListener, serve: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    // The connections end with the listener.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Without it answers wait for the client's acknowledgement of what went before.
                    let _ = stream.set_nodelay(true);
                    connections.spawn(serve(stream));
                }
                Err(error) => {
                    tracing::warn!(%error, "accept failed");
                    Clock::system().sleep(PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Makes hyper close the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was cut on demand")]
struct CutOff;
