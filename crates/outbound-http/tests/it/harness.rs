//! A server that does what a test says, and a client whose clock a test turns.

use std::error::Error as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use clock::{Clock, ManualClock};
use http::HeaderMap;
use outbound_http::{Answer, Failure, FixedNames, OutboundConfig, OutboundHttp, Target};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The name of every host here.
pub(crate) const HOST: &str = "hooks.example.com";
/// What follows it, and must be told to nobody.
pub(crate) const SECRET: &str = "/secret-path?key=secret-query";
/// How long a test waits for what must happen at once, by the machine's clock.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A server's end of a connection.
pub(crate) type Wire = Box<dyn Stream>;
type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server on a port of this machine.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// What each connection sent, as far as it was read.
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Server {
    /// Does the same with each connection.
    pub(crate) async fn start<F, S>(tls: Option<ServerConfig>, serve: F) -> Self
    where
        F: Fn(Wire, Arc<Mutex<Vec<String>>>) -> S + Send + Sync + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), tls, serve).await
    }

    pub(crate) async fn start_at<F, S>(at: IpAddr, tls: Option<ServerConfig>, serve: F) -> Self
    where
        F: Fn(Wire, Arc<Mutex<Vec<String>>>) -> S + Send + Sync + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((at, 0)).await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
            connections: Arc::default(),
        };
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let (requests, count) = (
            Arc::clone(&server.requests),
            Arc::clone(&server.connections),
        );
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *count.lock().unwrap() += 1;
                let wire: Wire = match &tls {
                    None => Box::new(stream),
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => Box::new(stream),
                        Err(_) => continue,
                    },
                };
                let serving: Serving = Box::pin(serve(wire, Arc::clone(&requests)));
                tokio::spawn(serving);
            }
        });
        server
    }

    /// Reads a request whole, answers these bytes and closes.
    pub(crate) async fn answering(answer: impl AsRef<[u8]>) -> Self {
        Self::answering_by(None, answer).await
    }

    pub(crate) async fn answering_by(tls: Option<ServerConfig>, answer: impl AsRef<[u8]>) -> Self {
        let answer = Arc::new(answer.as_ref().to_vec());
        Self::start(tls, move |mut wire, requests| {
            let answer = Arc::clone(&answer);
            async move {
                let request = read_request(&mut wire).await;
                requests.lock().unwrap().push(request);
                // A client that has enough closes early; that is its right.
                let _ = wire.write_all(&answer).await;
                let _ = wire.shutdown().await;
            }
        })
        .await
    }

    /// Reads a request, sends these bytes, and then nothing more, for ever.
    pub(crate) async fn hanging_after(answer: impl AsRef<[u8]>) -> Self {
        let answer = Arc::new(answer.as_ref().to_vec());
        Self::start(None, move |mut wire, requests| {
            let answer = Arc::clone(&answer);
            async move {
                let request = read_request(&mut wire).await;
                wire.write_all(&answer).await.unwrap();
                requests.lock().unwrap().push(request);
                std::future::pending::<()>().await;
            }
        })
        .await
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn http(&self) -> Target {
        target("http", HOST, self.address.port())
    }

    pub(crate) fn https(&self) -> Target {
        target("https", HOST, self.address.port())
    }
}

pub(crate) fn target(scheme: &str, host: &str, port: u16) -> Target {
    format!("{scheme}://{host}:{port}{SECRET}").parse().unwrap()
}

/// A client that finds every host on this machine.
pub(crate) struct Client {
    pub(crate) outbound: OutboundHttp,
    pub(crate) hands: ManualClock,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::with(OutboundConfig {
            allow_private: true,
            names: Arc::new(names(&[Ipv4Addr::LOCALHOST.into()])),
            ..OutboundConfig::default()
        })
    }

    pub(crate) fn with(config: OutboundConfig) -> Self {
        let (clock, hands) = Clock::manual();
        Self {
            outbound: OutboundHttp::new(config, clock).unwrap(),
            hands,
        }
    }

    pub(crate) async fn post(&self, target: &Target) -> Result<Answer, Failure> {
        let post = self
            .outbound
            .post(target, HeaderMap::new(), Bytes::from("{}"));
        patiently(post).await
    }

    pub(crate) async fn failure(&self, target: &Target) -> Failure {
        let failure = self.post(target).await.unwrap_err();
        assert_discreet(&failure);
        failure
    }

    /// What a call gives whose time is up once the server has come so far.
    pub(crate) async fn failure_after_deadline(&self, server: &Server) -> Failure {
        let target = server.http();
        let turning = async {
            while server.requests().is_empty() {
                tokio::task::yield_now().await;
            }
            // What was sent by then arrives: a loopback takes no time, but the runtime needs its turns.
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
            self.hands.advance(Duration::from_secs(9));
            tokio::task::yield_now().await;
            self.hands.advance(Duration::from_secs(1));
        };
        tokio::join!(self.failure(&target), turning).0
    }
}

pub(crate) fn names(addresses: &[IpAddr]) -> FixedNames {
    FixedNames::new([(HOST.to_owned(), addresses.to_vec())])
}

/// Fails a test that would hang.
#[expect(
    clippy::disallowed_methods,
    reason = "the one limit that is not the test's subject"
)]
pub(crate) async fn patiently<F: Future>(future: F) -> F::Output {
    let output = tokio::time::timeout(PATIENCE, future).await;
    output.unwrap()
}

/// No failure tells what follows the host, however it is printed.
fn assert_discreet(failure: &Failure) {
    let mut told = format!("{failure} {failure:?}");
    let mut source = failure.source();
    while let Some(error) = source {
        told.push_str(&error.to_string());
        source = error.source();
    }
    assert!(!told.contains("secret"), "{told}");
}

/// Reads a head, and the body that its length announces.
pub(crate) async fn read_request(wire: &mut Wire) -> String {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1);
            let length = length.and_then(|rest| rest.lines().next()).unwrap_or("0");
            if body.len() >= length.parse().unwrap() {
                break;
            }
        }
        if wire.read_buf(&mut request).await.unwrap_or(0) == 0 {
            break;
        }
    }
    String::from_utf8(request).unwrap()
}
