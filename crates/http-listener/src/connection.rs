//! One connection, from its acceptance to its end.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use clock::Clock;
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::answer::Answer;
use crate::body::Body;
use crate::ending::{Ending, Stage};
use crate::limits::Limits;
use crate::monitor::{HeadFault, Observer, Tally, count};
use crate::stream::Watched;
use crate::watch::{Late, Watch};

/// What every connection of a listener needs.
#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) observer: Observer,
    pub(crate) tally: Arc<Tally>,
    pub(crate) ending: Ending,
}

impl Terms {
    /// For a connection that has just been accepted.
    pub(crate) fn watch(&self) -> Arc<Watch> {
        Arc::new(Watch::new(self.clock.clone(), self.limits.clone()))
    }
}

/// Serves one peer until it leaves, breaks a rule or is asked to go. The stream may be anything: TLS comes between here
/// and the socket.
pub(crate) async fn serve<S, B, T>(
    service: S,
    terms: Terms,
    watch: Arc<Watch>,
    stream: T,
    peer: SocketAddr,
) where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: http_body::Body + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&watch)));
    let service = service_fn(|request| answer(&service, &terms, &watch, peer, request));
    let mut http = pin!(protocol(&terms.limits).serve_connection(io, service));
    let mut ear = terms.ending.listen(Arc::clone(&watch));
    let mut draining = false;
    let mut alarm = Alarm::default();

    let end = poll_fn(|context| {
        watch.look();
        let stage = ear.poll(context);
        match stage {
            Stage::Killed => return Poll::Ready(End::Killed),
            Stage::Evicted => return Poll::Ready(End::Evicted),
            Stage::Draining if !draining => {
                draining = true;
                http.as_mut().graceful_shutdown();
            }
            Stage::Draining | Stage::Serving => {}
        }
        if let Poll::Ready(outcome) = http.as_mut().poll(context) {
            return Poll::Ready(End::Over(outcome));
        }
        if draining && watch.is_fresh() {
            return Poll::Ready(End::Over(Ok(())));
        }
        while alarm.poll_at(&terms.clock, watch.due(), context).is_ready() {
            if let Some(late) = watch.passed() {
                return Poll::Ready(End::Late(late));
            }
        }
        Poll::Pending
    });
    let end = end.await;
    report(&terms, &watch, peer, &end);
}

enum End {
    Over(hyper::Result<()>),
    Late(Late),
    Killed,
    Evicted,
}

fn protocol(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    // Deadlines are the watch's; hyper's own would need a timer for each request.
    http.header_read_timeout(None)
        .max_headers(limits.max_headers)
        .max_header_size(limits.max_header_bytes)
        // An unfinished head may fill the whole buffer, so that bounds it; below 8 KiB hyper refuses to work.
        .max_buf_size(limits.max_header_bytes.max(8 * 1_024));
    http
}

async fn answer<S, B>(
    service: &S,
    terms: &Terms,
    watch: &Arc<Watch>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Answer<B>>, S::Error>
where
    S: Service<Request<Body>, Response = Response<B>>,
{
    watch.request_came();
    if watch.is_in_conflict() {
        (terms.observer)(peer, HeadFault::Malformed);
        drop(request);
        watch.answered(false);
        return Ok(refusal(watch));
    }
    count(&terms.tally.requests);
    let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let request = request.map(|incoming| Body::new(incoming, Arc::clone(watch)));
    let response = service.call(request).await?;
    let goes_on = watch.answered(response.status().is_success());
    let mut response = response.map(|body| Answer::new(body, Arc::clone(watch)));
    if chunked || !goes_on {
        // Whoever disagrees on where its last chunk ended gets no second request to disagree on.
        close(&mut response);
    }
    Ok(response)
}

/// What a request gets of which nobody can say where it ends. The service does not see it.
fn refusal<B>(watch: &Arc<Watch>) -> Response<Answer<B>> {
    let mut response = Response::new(Answer::empty(Arc::clone(watch)));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    close(&mut response);
    response
}

fn close<B>(response: &mut Response<B>) {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
}

fn report(terms: &Terms, watch: &Watch, peer: SocketAddr, end: &End) {
    let fault = match end {
        End::Killed => {
            count(&terms.tally.cut);
            None
        }
        End::Evicted => {
            count(&terms.tally.evicted);
            (!watch.has_asked()).then_some(HeadFault::Overloaded)
        }
        End::Late(Late::Idle) => None,
        End::Late(Late::Head) => Some(HeadFault::TimedOut),
        End::Late(Late::Request) => {
            count(&terms.tally.cut);
            tracing::debug!(%peer, "a request took too long: connection cut");
            None
        }
        End::Over(Ok(())) => None,
        End::Over(Err(error)) => {
            tracing::debug!(%peer, %error, "connection failed");
            head_fault(error, watch)
        }
    };
    if let Some(fault) = fault {
        (terms.observer)(peer, fault);
    }
}

fn head_fault(error: &hyper::Error, watch: &Watch) -> Option<HeadFault> {
    if !watch.is_before_request() {
        None
    } else if error.is_parse_too_large() {
        Some(HeadFault::TooLarge)
    } else if error.is_parse() {
        Some(HeadFault::Malformed)
    } else {
        watch.is_in_head().then_some(HeadFault::Cut)
    }
}

/// One sleep at a time, begun anew only when it would end too late: a busy connection pays for a timer every few
/// seconds instead of for several with each request.
#[derive(Default)]
struct Alarm(Option<(Duration, Sleep)>);

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Alarm {
    /// Ready when `due`, a reading of the clock's [`Clock::elapsed`], has come.
    fn poll_at(
        &mut self,
        clock: &Clock,
        due: Option<Duration>,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let Some(due) = due else {
            return Poll::Pending;
        };
        loop {
            let (rings, sleep) = match &mut self.0 {
                Some((rings, sleep)) if *rings <= due => (*rings, sleep),
                other => {
                    let span = due.saturating_sub(clock.elapsed());
                    let clock = clock.clone();
                    let sleep = Box::pin(async move { clock.sleep(span).await });
                    let (rings, sleep) = other.insert((due, sleep));
                    (*rings, sleep)
                }
            };
            std::task::ready!(sleep.as_mut().poll(context));
            self.0 = None;
            if rings == due {
                return Poll::Ready(());
            }
        }
    }
}
