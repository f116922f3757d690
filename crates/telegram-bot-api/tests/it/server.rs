//! A Bot API server on loopback that answers as a test says, and what tests say it with.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use clock::{Clock, Entropy, ManualClock};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value};
use telegram_bot_api::{BotToken, Call, Client, ClientConfig};
use tokio::net::TcpListener;

pub(crate) const SECRET: &str = "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw4";

pub(crate) fn token(bot: i64) -> BotToken {
    format!("{bot}:{SECRET}").parse().unwrap()
}

pub(crate) fn call(method: &'static str, params: Value) -> Call {
    Call::new(method, serde_json::from_value::<Map<_, _>>(params).unwrap())
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// When, by the client's clock.
    pub(crate) at: Duration,
    /// Which connection, from 1.
    pub(crate) connection: usize,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What the server does with a request.
#[derive(Clone)]
pub(crate) enum Reply {
    Answer(u16, Bytes),
    /// Status 429 with a header, as a front end may.
    Wait(&'static str),
    /// The connection is closed without an answer.
    Cut,
    /// There is never an answer.
    Hang,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::Answer(status, Bytes::copy_from_slice(body.as_bytes()))
    }

    pub(crate) fn ok() -> Self {
        Self::json(200, r#"{"ok":true,"result":true}"#)
    }

    /// What the Bot API says when asked to wait.
    pub(crate) fn retry_after(seconds: u64) -> Self {
        let body = format!(
            r#"{{"ok":false,"error_code":429,"description":"Too Many Requests: retry after {seconds}","parameters":{{"retry_after":{seconds}}}}}"#
        );
        Self::json(429, &body)
    }
}

/// A server, a client of it, and the hands of the clock that both go by.
pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) hands: ManualClock,
    pub(crate) clock: Clock,
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Stage {
    /// Gives the replies in turn, and the last one for ever.
    pub(crate) async fn with(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::configured(replies, |config| config).await
    }

    pub(crate) async fn configured(
        replies: impl IntoIterator<Item = Reply>,
        configure: impl FnOnce(ClientConfig) -> ClientConfig,
    ) -> Self {
        let replies: Vec<_> = replies.into_iter().collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (clock, hands) = Clock::manual();
        let seen = Arc::default();
        tokio::spawn(serve(listener, replies, clock.clone(), Arc::clone(&seen)));
        let config = configure(ClientConfig {
            api_root: format!("http://{address}").parse().unwrap(),
            ..ClientConfig::default()
        });
        let client = Client::new(config, clock.clone(), Entropy::seeded(7)).unwrap();
        Self {
            client,
            hands,
            clock,
            address,
            seen,
        }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Runs a future while the clock is turned, slowly enough for everybody to keep up.
    pub(crate) async fn turning<F: Future>(&self, future: F) -> F::Output {
        turning(&self.hands, future).await
    }

    /// Calls with the clock turned, and says what became of it.
    pub(crate) async fn perform(&self, call: &Call) -> Result<Value, telegram_bot_api::Error> {
        let token = token(1);
        let result = self.turning(self.client.call(&token, call)).await;
        result.map(|raw| serde_json::from_str(raw.get()).unwrap())
    }
}

pub(crate) async fn turning<F: Future>(hands: &ManualClock, future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        // Everything runs on this thread, so that some rounds of the runtime are time enough for loopback.
        for _ in 0..20 {
            let done = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
            if let Poll::Ready(output) = done {
                return output;
            }
            tokio::task::yield_now().await;
        }
        hands.advance(Duration::from_millis(50));
    }
}

async fn serve(
    listener: TcpListener,
    replies: Vec<Reply>,
    clock: Clock,
    seen: Arc<Mutex<Vec<Seen>>>,
) {
    let replies = Arc::new(Mutex::new(replies));
    for connection in 1.. {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        let (replies, clock, seen) = (Arc::clone(&replies), clock.clone(), Arc::clone(&seen));
        let service = service_fn(move |request: Request<Incoming>| {
            let (replies, clock, seen) = (Arc::clone(&replies), clock.clone(), Arc::clone(&seen));
            async move {
                let path = request.uri().path().to_owned();
                let headers = request.headers().clone();
                let body = request
                    .into_body()
                    .collect()
                    .await
                    .map_err(io::Error::other)?
                    .to_bytes();
                let at = clock.elapsed();
                seen.lock().unwrap().push(Seen {
                    at,
                    connection,
                    path,
                    headers,
                    body,
                });
                let reply = {
                    let mut replies = replies.lock().unwrap();
                    if replies.len() > 1 {
                        replies.remove(0)
                    } else {
                        replies[0].clone()
                    }
                };
                answer(reply).await
            }
        });
        tokio::spawn(async move {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            _ = connection.await;
        });
    }
}

async fn answer(reply: Reply) -> io::Result<Response<Full<Bytes>>> {
    match reply {
        Reply::Answer(status, body) => {
            let mut response = Response::new(Full::new(body));
            *response.status_mut() = status.try_into().unwrap();
            Ok(response)
        }
        Reply::Wait(seconds) => {
            let mut response = Response::new(Full::default());
            *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
            response
                .headers_mut()
                .insert("retry-after", seconds.try_into().unwrap());
            Ok(response)
        }
        Reply::Cut => Err(io::Error::other("the test says so")),
        Reply::Hang => match std::future::pending::<Infallible>().await {},
    }
}
