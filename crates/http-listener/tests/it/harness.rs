use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use clock::{Clock, ManualClock};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use http_listener::{Body, BodyFault, Drained, HeadFault, Limits, Listener, Monitor, read_body};
use hyper::service::service_fn;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A listener that serves, with everything a test wants to see of it.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) hands: ManualClock,
    pub(crate) monitor: Monitor,
    pub(crate) heads: Arc<Mutex<Vec<HeadFault>>>,
    pub(crate) bodies: Arc<Mutex<Vec<Result<Bytes, BodyFault>>>>,
    /// Lets one request to `/wait` or `/wait/refuse` be answered.
    pub(crate) gate: Arc<Notify>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) serving: JoinHandle<Drained>,
}

/// How long a test waits for what must happen at once, by the machine's clock.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn serve(limits: Limits) -> Served {
    let (clock, hands) = Clock::manual();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let gate = Arc::new(Notify::new());
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), limits, clock.clone())
        .await
        .unwrap()
        .observe({
            let heads = Arc::clone(&heads);
            move |_, fault| heads.lock().unwrap().push(fault)
        });
    let address = listener.local_addr();
    let monitor = listener.monitor();
    let make_service = {
        let (bodies, gate) = (Arc::clone(&bodies), Arc::clone(&gate));
        move |peer: SocketAddr| {
            assert!(peer.ip().is_loopback());
            let (clock, bodies, gate) = (clock.clone(), Arc::clone(&bodies), Arc::clone(&gate));
            service_fn(move |request| {
                handle(
                    request,
                    clock.clone(),
                    Arc::clone(&bodies),
                    Arc::clone(&gate),
                )
            })
        }
    };
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(listener.serve(make_service, shutdown.clone()));
    Served {
        address,
        hands,
        monitor,
        heads,
        bodies,
        gate,
        shutdown,
        serving,
    }
}

async fn handle(
    request: Request<Body>,
    clock: Clock,
    bodies: Arc<Mutex<Vec<Result<Bytes, BodyFault>>>>,
    gate: Arc<Notify>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    assert_ne!(path, "/panic", "a service may panic");
    match path.as_str() {
        "/wait" | "/wait/refuse" => gate.notified().await,
        "/big" => return Ok(Response::new(Full::new(vec![b'x'; 64 << 20].into()))),
        _ => {}
    }
    // An hour: the listener's own deadline comes first.
    let body = read_body(
        request.into_body(),
        1_024,
        &clock,
        Duration::from_secs(3_600),
    )
    .await;
    let status = match &body {
        Ok(_) if path.ends_with("/refuse") => StatusCode::NOT_FOUND,
        Ok(_) => StatusCode::OK,
        Err(BodyFault::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        Err(_) => StatusCode::REQUEST_TIMEOUT,
    };
    bodies.lock().unwrap().push(body);
    let mut response = Response::new(Full::new(path.into()));
    *response.status_mut() = status;
    Ok(response)
}

impl Served {
    pub(crate) async fn connect(&self) -> Peer {
        Peer(TcpStream::connect(self.address).await.unwrap())
    }

    /// Waits until what is asked for is so.
    pub(crate) async fn until(&self, what: impl Fn(&Self) -> bool) {
        wall_timeout(async {
            while !what(self) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    pub(crate) fn heads(&self) -> Vec<HeadFault> {
        self.heads.lock().unwrap().clone()
    }

    pub(crate) fn bodies(&self) -> Vec<Result<Bytes, BodyFault>> {
        self.bodies.lock().unwrap().clone()
    }
}

pub(crate) struct Peer(pub(crate) TcpStream);

impl Peer {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    pub(crate) async fn get(&mut self, path: &str) -> String {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n"))
            .await;
        self.answer(path).await
    }

    /// Reads until an answer that ends in `end` is there.
    pub(crate) async fn answer(&mut self, end: &str) -> String {
        let mut all = Vec::new();
        wall_timeout(async {
            while !all.ends_with(end.as_bytes()) {
                let count = self.0.read_buf(&mut all).await.unwrap();
                assert_ne!(count, 0, "closed after {:?}", String::from_utf8_lossy(&all));
            }
        })
        .await;
        String::from_utf8(all).unwrap()
    }

    /// Reads until the connection is closed, however rudely.
    pub(crate) async fn rest(&mut self) -> String {
        let mut all = Vec::new();
        let _reset = wall_timeout(self.0.read_to_end(&mut all)).await;
        String::from_utf8(all).unwrap()
    }

    /// Whether the other end still holds the connection and has said nothing.
    pub(crate) async fn is_silent(&mut self) -> bool {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let mut byte = [0];
        self.0
            .try_read(&mut byte)
            .is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test that hangs must fail, whatever its manual clock shows"
)]
async fn wall_timeout<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap()
}
