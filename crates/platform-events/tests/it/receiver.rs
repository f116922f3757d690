//! Somebody's endpoint: a port of this machine that does with requests what a test says.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use outbound_http::Target;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::waiting::happens;

/// The name of every host here.
pub(crate) const HOST: &str = "hooks.example.com";

#[derive(Clone)]
pub(crate) struct Receiver(Arc<State>);

struct State {
    address: SocketAddr,
    how: Mutex<How>,
    requests: Mutex<Vec<Request>>,
    connections: Mutex<usize>,
    release: Notify,
}

/// What is done with a request that was read.
#[derive(Clone)]
pub(crate) enum How {
    /// It is answered with this status and nothing else.
    Status(u16),
    /// These bytes are sent, and the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes are sent, and then nothing, for ever.
    Hang(Vec<u8>),
    /// It is taken as soon as the test says so: each [`Receiver::release`] is for one.
    Hold,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Receiver {
    pub(crate) async fn start(how: How) -> Self {
        Self::start_at((Ipv4Addr::LOCALHOST, 0), how).await
    }

    pub(crate) async fn start_at(at: (Ipv4Addr, u16), how: How) -> Self {
        let listener = TcpListener::bind(at).await.unwrap();
        let receiver = Self(Arc::new(State {
            address: listener.local_addr().unwrap(),
            how: Mutex::new(how),
            requests: Mutex::default(),
            connections: Mutex::default(),
            release: Notify::new(),
        }));
        let state = Arc::clone(&receiver.0);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *state.connections.lock().unwrap() += 1;
                tokio::spawn(serve(Arc::clone(&state), stream));
            }
        });
        receiver
    }

    /// Its address, with a secret of its owner's in it.
    pub(crate) fn url(&self) -> Target {
        url("http", HOST, self.port())
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.address.port()
    }

    pub(crate) fn ip(&self) -> IpAddr {
        self.0.address.ip()
    }

    pub(crate) fn now(&self, how: How) {
        *self.0.how.lock().unwrap() = how;
    }

    /// Takes one of the requests that are held.
    pub(crate) fn release(&self) {
        self.0.release.notify_one();
    }

    pub(crate) fn connections(&self) -> usize {
        *self.0.connections.lock().unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.0.requests.lock().unwrap().clone()
    }

    /// Waits until so many requests have come; more must not have.
    pub(crate) async fn got(&self, count: usize) -> Vec<Request> {
        happens(async || self.requests().len() >= count).await;
        let requests = self.requests();
        assert_eq!(requests.len(), count);
        requests
    }

    /// The last of so many.
    pub(crate) async fn last_of(&self, count: usize) -> Request {
        self.got(count).await.pop().unwrap()
    }
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        let named = |line: &&str| {
            line.split_once(": ")
                .is_some_and(|(key, _)| key.eq_ignore_ascii_case(name))
        };
        let mut lines = self.head.lines().filter(named);
        let line = lines.next().unwrap();
        assert!(lines.next().is_none(), "{name} came twice");
        line.split_once(": ").unwrap().1
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The time that was signed.
    pub(crate) fn signed_at(&self) -> i64 {
        let (time, _) = self.header("mp-signature").split_once(',').unwrap();
        time.strip_prefix("t=").unwrap().parse().unwrap()
    }
}

pub(crate) fn url(scheme: &str, host: &str, port: u16) -> Target {
    format!("{scheme}://{host}:{port}/in?key=owners-secret")
        .parse()
        .unwrap()
}

async fn serve(state: Arc<State>, mut stream: TcpStream) {
    // A process that is killed leaves half a request.
    let Some(request) = read(&mut stream).await else {
        return;
    };
    let how = state.how.lock().unwrap().clone();
    state.requests.lock().unwrap().push(request);
    let (bytes, hangs) = match how {
        How::Status(status) => (empty(status), false),
        How::Bytes(bytes) => (bytes, false),
        How::Hang(bytes) => (bytes, true),
        How::Hold => {
            state.release.notified().await;
            (empty(200), false)
        }
    };
    // A client that has enough closes early; that is its right.
    let _ = stream.write_all(&bytes).await;
    if hangs {
        std::future::pending::<()>().await;
    }
    let _ = stream.shutdown().await;
}

fn empty(status: u16) -> Vec<u8> {
    format!("HTTP/1.1 {status} So\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

/// Reads a head and the body that its length announces.
async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let request = Request {
                head: String::from_utf8(bytes[..end].to_vec()).unwrap(),
                body: bytes[end + 4..].to_vec(),
            };
            let length: usize = request.header("content-length").parse().unwrap();
            if request.body.len() >= length {
                return Some(request);
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}
