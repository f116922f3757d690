use std::time::Duration;

use http_listener::{BodyFault, HeadFault, Limits};

use crate::harness::serve;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let served = serve(Limits::default()).await;
    let mut peer = served.connect().await;
    served.hands.sleepers(1).await;
    served.hands.advance(seconds(9));
    assert!(peer.is_silent().await);
    served.hands.advance(seconds(1));
    assert_eq!(peer.rest().await, "");
    served
        .until(|served| served.monitor.counts().open == 0)
        .await;
    assert_eq!(served.heads(), [], "it has asked for nothing");
}

#[tokio::test]
async fn a_trickled_head_is_cut_by_its_first_byte_s_time() {
    let served = serve(Limits::default()).await;
    let mut peer = served.connect().await;
    peer.get("/").await;
    served.hands.advance(seconds(70));
    peer.send("GET / HTTP/1.1\r\n").await;
    // The idle alarm would ring in 5 s; the head's rings in 10, and is not put off by more bytes.
    for _ in 0..2 {
        served.until(|_| true).await;
        assert!(peer.is_silent().await);
        peer.send("X: y\r\n").await;
        assert!(peer.is_silent().await);
        served.hands.advance(seconds(5));
    }
    assert_eq!(peer.rest().await, "");
    served
        .until(|served| served.heads() == [HeadFault::TimedOut])
        .await;
}

#[tokio::test]
async fn an_idle_connection_outlives_telegram_s_own_60_seconds() {
    let served = serve(Limits::default()).await;
    let mut peer = served.connect().await;
    for _ in 0..3 {
        assert!(peer.get("/again").await.starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(peer.is_silent().await);
        served.hands.advance(seconds(74));
        assert!(peer.is_silent().await);
    }
    served.hands.advance(seconds(1));
    assert_eq!(peer.rest().await, "");
    assert_eq!(served.heads(), []);
}

#[tokio::test]
async fn whoever_was_only_refused_is_not_kept_for_long() {
    let served = serve(Limits::default()).await;
    let mut peer = served.connect().await;
    for _ in 0..2 {
        let answer = peer.get("/refuse").await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
        served.hands.advance(seconds(9));
        assert!(peer.is_silent().await);
    }
    // One success proves the connection, whatever comes after it.
    peer.get("/").await;
    peer.get("/refuse").await;
    served.hands.advance(seconds(74));
    assert!(peer.is_silent().await);
    served.hands.advance(seconds(1));
    assert_eq!(peer.rest().await, "");

    let mut other = served.connect().await;
    other.get("/refuse").await;
    assert!(other.is_silent().await);
    served.hands.advance(seconds(10));
    assert_eq!(other.rest().await, "");
    assert_eq!(served.heads(), []);
}

#[tokio::test]
async fn a_slow_body_fails_in_the_service_which_still_answers() {
    let served = serve(Limits::default()).await;
    let mut peer = served.connect().await;
    peer.send("POST /slow HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345")
        .await;
    served
        .until(|served| served.monitor.counts().requests == 1)
        .await;
    served.hands.advance(seconds(14));
    assert!(peer.is_silent().await);
    served.hands.advance(seconds(1));
    assert!(peer.rest().await.starts_with("HTTP/1.1 408 "));
    assert_eq!(served.bodies(), [Err(BodyFault::TimedOut)]);
}

#[tokio::test]
async fn a_request_that_is_not_answered_is_cut() {
    let served = serve(Limits::default()).await;
    let mut peer = served.connect().await;
    peer.send("GET /wait HTTP/1.1\r\n\r\n").await;
    served
        .until(|served| served.monitor.counts().requests == 1)
        .await;
    served.hands.advance(seconds(49));
    assert!(peer.is_silent().await);
    served.hands.advance(seconds(1));
    assert_eq!(peer.rest().await, "");
    served
        .until(|served| served.monitor.counts().cut == 1)
        .await;
    assert_eq!(served.monitor.counts().open, 0);
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let served = serve(Limits::default()).await;
    let mut peer = served.connect().await;
    peer.send("GET /big HTTP/1.1\r\n\r\n").await;
    // The kernel's buffers take some megabytes before the write has to wait.
    served
        .until(|served| served.monitor.counts().requests == 1)
        .await;
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    for _ in 0..4 {
        served.hands.advance(seconds(30));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
    served
        .until(|served| served.monitor.counts().cut == 1)
        .await;
    drop(peer);
}
