//! Whoever has proven nothing: how long it may stay, and for whom it makes room.

use std::time::Duration;

use http_listener::{HeadFault, Limits};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::harness::{Peer, Served, serve};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn serve_three() -> Served {
    serve(Limits {
        max_connections_per_address: 3,
        ..Limits::default()
    })
    .await
}

/// One that asks and is refused.
async fn stranger(served: &Served) -> Peer {
    let mut peer = served.connect().await;
    let answer = peer.get("/refuse").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    peer
}

#[tokio::test]
async fn strangers_who_hold_all_seats_make_room() {
    for limits in [
        Limits {
            max_connections: 3,
            ..Limits::default()
        },
        Limits {
            max_connections_per_address: 3,
            ..Limits::default()
        },
    ] {
        let served = serve(limits).await;
        let mut strangers = Vec::new();
        for _ in 0..3 {
            strangers.push(stranger(&served).await);
        }
        let mut newcomer = served.connect().await;
        assert!(newcomer.get("/").await.starts_with("HTTP/1.1 200 "));
        assert_eq!(strangers[0].rest().await, "", "the oldest");
        for stranger in &mut strangers[1..] {
            stranger.get("/refuse").await;
        }
        let counts = served.monitor.counts();
        assert_eq!((counts.open, counts.accepted), (3, 4));
        assert_eq!((counts.evicted, counts.turned_away), (1, 0));
        assert_eq!(served.heads(), [], "it has had its answer");
    }
}

#[tokio::test]
async fn the_proven_are_never_evicted() {
    let served = serve_three().await;
    let mut proven = Vec::new();
    for _ in 0..2 {
        let mut peer = served.connect().await;
        peer.get("/").await;
        proven.push(peer);
    }
    let mut strangers = Vec::new();
    for number in 0..200 {
        strangers.push(stranger(&served).await);
        let peer = &mut proven[number % 2];
        peer.get("/refuse").await;
    }
    served
        .until(|served| served.monitor.counts().evicted == 199)
        .await;
    let mut third = served.connect().await;
    third.get("/").await;
    assert_eq!(served.connect().await.rest().await, "");
    for peer in proven.iter_mut().chain([&mut third]) {
        peer.get("/still").await;
    }
    let counts = served.monitor.counts();
    assert_eq!((counts.evicted, counts.turned_away), (200, 1));
    assert_eq!(served.heads(), [HeadFault::Overloaded]);
}

#[tokio::test]
async fn one_that_never_asked_is_told_of_when_it_is_evicted() {
    let served = serve_three().await;
    let mut silent = served.connect().await;
    served
        .until(|served| served.monitor.counts().open == 1)
        .await;
    let mut in_head = served.connect().await;
    in_head.send("GET / HT").await;
    served
        .until(|served| served.monitor.counts().open == 2)
        .await;
    let _third = stranger(&served).await;
    let mut newcomers = [served.connect().await, served.connect().await];
    for newcomer in &mut newcomers {
        newcomer.get("/").await;
    }
    assert_eq!(silent.rest().await, "");
    assert_eq!(in_head.rest().await, "");
    served
        .until(|served| served.monitor.counts().evicted == 2)
        .await;
    assert_eq!(served.heads(), [HeadFault::Overloaded; 2]);
}

#[tokio::test]
async fn a_request_in_flight_is_cut_only_where_nobody_else_can_go() {
    let served = serve_three().await;
    let mut asking = Vec::new();
    for number in 1..=2 {
        let mut peer = served.connect().await;
        peer.send("GET /wait HTTP/1.1\r\n\r\n").await;
        served
            .until(|served| served.monitor.counts().requests == number)
            .await;
        asking.push(peer);
    }
    let mut refused = stranger(&served).await;
    let mut first = served.connect().await;
    first.get("/").await;
    assert_eq!(refused.rest().await, "", "younger, but of no use");
    let mut second = served.connect().await;
    second.get("/").await;
    assert_eq!(asking[0].rest().await, "", "the oldest");
    served.gate.notify_one();
    asking[1].answer("/wait").await;
    assert_eq!(served.monitor.counts().evicted, 2);
    assert_eq!(served.heads(), []);
}

#[tokio::test]
async fn so_many_refusals_end_a_connection_with_the_last() {
    let limits = Limits {
        refusals_unproven: 3,
        ..Limits::default()
    };
    let served = serve(limits).await;
    let mut peer = served.connect().await;
    for _ in 0..2 {
        let answer = peer.get("/refuse").await;
        assert!(!answer.contains("connection: close"), "{answer}");
    }
    peer.send("GET /refuse HTTP/1.1\r\n\r\n".repeat(2)).await;
    let rest = peer.rest().await;
    assert!(rest.contains("connection: close\r\n"), "{rest}");
    assert_eq!(rest.matches("HTTP/1.1 404 ").count(), 1, "{rest}");

    let mut proven = served.connect().await;
    proven.get("/refuse").await;
    proven.get("/").await;
    for _ in 0..5 {
        let answer = proven.get("/refuse").await;
        assert!(!answer.contains("connection: close"), "{answer}");
    }
    assert_eq!(served.heads(), []);
}

#[tokio::test]
async fn refusals_are_counted_however_fast_they_are_asked_for() {
    let limits = Limits {
        refusals_unproven: 100,
        ..Limits::default()
    };
    let served = serve(limits).await;
    let mut peer = served.connect().await;
    peer.send("GET /refuse HTTP/1.1\r\n\r\n".repeat(100)).await;
    let rest = peer.rest().await;
    assert_eq!(rest.matches("HTTP/1.1 404 ").count(), 100);
    assert_eq!(rest.matches("connection: close\r\n").count(), 1);
}

#[tokio::test]
async fn a_stranger_that_keeps_asking_goes_when_its_time_is_over() {
    let served = serve(Limits::default()).await;
    let mut peer = served.connect().await;
    for _ in 0..6 {
        peer.get("/refuse").await;
        served.hands.advance(seconds(9));
        assert!(peer.is_silent().await);
    }
    peer.get("/refuse").await;
    served.hands.advance(seconds(5));
    assert!(peer.is_silent().await, "59 s");
    served.hands.advance(seconds(1));
    assert_eq!(peer.rest().await, "");
    assert_eq!(served.heads(), []);
}

#[tokio::test]
async fn a_stranger_s_last_request_is_answered_though_its_time_is_over() {
    let served = serve(Limits::default()).await;
    for (path, stays, requests) in [("/wait/refuse", false, 7), ("/wait", true, 14)] {
        let mut peer = served.connect().await;
        for _ in 0..6 {
            peer.get("/refuse").await;
            served.hands.advance(seconds(9));
            assert!(peer.is_silent().await);
        }
        peer.send(format!("GET {path} HTTP/1.1\r\n\r\n")).await;
        served
            .until(|served| served.monitor.counts().requests == requests)
            .await;
        served.hands.advance(seconds(20));
        assert!(peer.is_silent().await, "it is in flight");
        served.gate.notify_one();
        if stays {
            let answer = peer.answer(path).await;
            assert!(!answer.contains("connection: close"), "{answer}");
            peer.get("/refuse").await;
        } else {
            let rest = peer.rest().await;
            assert!(rest.contains("connection: close\r\n"), "{rest}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_of_strangers_moves_none_of_the_proven_and_leaves_no_trace() {
    let served = serve(Limits {
        max_connections: 12,
        ..Limits::default()
    })
    .await;
    let mut proven = Vec::new();
    for _ in 0..8 {
        let mut peer = served.connect().await;
        peer.get("/").await;
        proven.push(peer);
    }
    let storms: Vec<_> = (0..8)
        .map(|_| {
            let address = served.address;
            tokio::spawn(async move {
                for number in 0..40 {
                    let mut peer = Peer(TcpStream::connect(address).await.unwrap());
                    // Whether it is answered is a matter of luck.
                    let path = ["/refuse", "/"][number % 2];
                    let _ = peer
                        .0
                        .write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes())
                        .await;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    while !storms.iter().all(|storm| storm.is_finished()) {
        for peer in &mut proven {
            peer.get("/refuse").await;
        }
        assert!(served.monitor.counts().open <= 12 + 128);
    }
    for peer in &mut proven {
        peer.get("/still").await;
    }
    drop(proven);
    served
        .until(|served| {
            served.monitor.counts().accepted + served.monitor.counts().turned_away == 328
        })
        .await;
    served
        .until(|served| served.monitor.counts().open == 0)
        .await;
    let counts = served.monitor.counts();
    assert!(counts.evicted > 0, "{counts:?}");
}
