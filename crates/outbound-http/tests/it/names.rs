//! Names are looked up once, and what was found is tried in its order.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outbound_http::{Failure, OutboundConfig, Resolve, Resolving, Step};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::harness::{Client, HOST, Server, names, patiently, target};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Answers each look-up with the next entry, and the last one for ever.
struct Changing {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Changing {
    fn new(answers: &[&[IpAddr]]) -> Arc<Self> {
        let answers = answers.iter().rev().map(|answer| answer.to_vec());
        Arc::new(Self {
            answers: Mutex::new(answers.collect()),
            asked: AtomicUsize::new(0),
        })
    }
}

impl Resolve for Changing {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        assert_eq!(host, HOST);
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 {
            answers.pop().unwrap()
        } else {
            answers[0].clone()
        };
        Box::pin(async { Ok(answer) })
    }
}

fn private(names: impl Resolve + 'static) -> Client {
    shared(Arc::new(names))
}

fn shared(names: Arc<dyn Resolve>) -> Client {
    Client::with(OutboundConfig {
        allow_private: true,
        names,
        ..OutboundConfig::default()
    })
}

const fn local(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_second_time_is_not_asked_twice() {
    let server = Server::answering(OK).await;
    let changing = Changing::new(&[&[local(1)], &[local(2)]]);
    let client = shared(changing.clone());
    assert_eq!(client.post(&server.http()).await.unwrap().body, "ok");
    assert_eq!(changing.asked.load(Ordering::SeqCst), 1);
    assert_eq!(server.connections(), 1);
    // The next exchange asks anew, so what is checked is never old.
    let failure = client.failure(&server.http()).await;
    assert!(matches!(failure, Failure::Connect { .. }), "{failure:?}");
    assert_eq!(changing.asked.load(Ordering::SeqCst), 2);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_name_that_becomes_private_is_refused_from_then_on() {
    let server = Server::answering(OK).await;
    let changing = Changing::new(&[&[local(1)]]);
    let client = Client::with(OutboundConfig {
        names: changing.clone(),
        ..OutboundConfig::default()
    });
    for asked in 1..=2 {
        let failure = client.failure(&server.https()).await;
        assert!(matches!(failure, Failure::Refused(_)), "{failure:?}");
        assert_eq!(changing.asked.load(Ordering::SeqCst), asked);
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_does_not_take_the_connection() {
    let server = Server::answering(OK).await;
    let client = private(names(&[local(2), local(3), local(1), local(4)]));
    assert_eq!(client.post(&server.http()).await.unwrap().body, "ok");
    let nobody = private(names(&[local(2), local(3)]));
    let failure = nobody.failure(&server.http()).await;
    assert!(matches!(failure, Failure::Connect { .. }), "{failure:?}");
}

/// A port that takes no more connections, as an address behind a firewall: its queue is full and nobody accepts.
async fn full(at: IpAddr, port: u16) -> (TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((at, port).into()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    let (clock, short) = (clock::Clock::system(), Duration::from_millis(200));
    while let Ok(stream) = clock.timeout(short, TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
    }
    (listener, waiting)
}

#[tokio::test]
async fn an_address_that_says_nothing_leaves_the_next_its_share_of_the_time() {
    let server = Server::answering(OK).await;
    let _full = full(local(2), server.address.port()).await;
    let client = private(names(&[local(2), local(1)]));
    let target = server.http();
    let turning = async {
        client.hands.sleepers(1).await;
        // Half of the 10 s are the first address's.
        assert_eq!(client.hands.advance_to_next(), Some(Duration::from_secs(5)));
    };
    let (answer, ()) = tokio::join!(client.post(&target), turning);
    assert_eq!(answer.unwrap().body, "ok");
}

#[tokio::test]
async fn addresses_that_all_say_nothing_end_with_the_deadline() {
    let server = Server::answering(OK).await;
    let (two, three) = (local(2), local(3));
    let _full = full(two, server.address.port()).await;
    let _full_too = full(three, server.address.port()).await;
    let client = private(names(&[two, three]));
    let target = server.http();
    let turning = async {
        for _ in 0..2 {
            client.hands.sleepers(1).await;
            client.hands.advance(Duration::from_secs(5));
            tokio::task::yield_now().await;
        }
    };
    let (failure, ()) = tokio::join!(client.failure(&target), turning);
    assert!(
        matches!(failure, Failure::TimedOut(Step::Connect)),
        "{failure:?}"
    );
}

struct Hanging;

impl Resolve for Hanging {
    fn resolve<'a>(&'a self, _host: &'a str) -> Resolving<'a> {
        Box::pin(std::future::pending())
    }
}

struct Failing;

impl Resolve for Failing {
    fn resolve<'a>(&'a self, _host: &'a str) -> Resolving<'a> {
        Box::pin(async { Err(io::Error::other("no server")) })
    }
}

#[tokio::test]
async fn a_look_up_that_hangs_ends_with_the_deadline() {
    let client = private(Hanging);
    let target = target("https", HOST, 443);
    let turning = async {
        client.hands.sleepers(1).await;
        assert_eq!(
            client.hands.advance_to_next(),
            Some(Duration::from_secs(10))
        );
    };
    let (failure, ()) = tokio::join!(client.failure(&target), turning);
    assert!(
        matches!(failure, Failure::TimedOut(Step::LookUp)),
        "{failure:?}"
    );
    assert_eq!(
        failure.to_string(),
        "the time was up before the host's name was looked up"
    );
}

#[tokio::test]
async fn a_name_without_an_address_is_said_to_have_none() {
    let target = target("https", HOST, 443);
    let failure = private(names(&[])).failure(&target).await;
    assert!(
        matches!(failure, Failure::NotResolved { source: None }),
        "{failure:?}"
    );
    let failure = private(Failing).failure(&target).await;
    assert!(
        matches!(failure, Failure::NotResolved { source: Some(_) }),
        "{failure:?}"
    );
    let look = Client::new();
    let look = look.outbound.certificate("no host", 443);
    let failure = patiently(look).await.unwrap_err();
    assert!(
        matches!(failure, Failure::NotResolved { source: Some(_) }),
        "{failure:?}"
    );
}

#[tokio::test]
async fn the_operating_system_is_asked_by_default() {
    let server = Server::answering(OK).await;
    let client = Client::with(OutboundConfig {
        allow_private: true,
        ..OutboundConfig::default()
    });
    let target = target("http", "localhost", server.address.port());
    assert_eq!(client.post(&target).await.unwrap().body, "ok");
}
