use std::time::Duration;

use http::Request;
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use request_log::Outcome;

use crate::harness::{OK, PEER, Site, message};

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_given_up() {
    let site = Site::start().await;
    let mut sender = site.connect().await;
    let request = site.push(&message(1, 1));
    sender.send(&request[..request.len() - 1]).await;
    // The connection's own alarm, and the one for the body.
    site.hands.sleepers(2).await;
    site.hands.advance(Duration::from_secs(15));
    let answer = sender.read().await;
    assert!(
        answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
        "{answer}"
    );
    assert_eq!(site.outcomes().await, [Outcome::RejectedTimedOut]);
    assert_eq!(
        site.records().await[0].project.as_ref(),
        Some(&site.connection.project)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_body_is_recorded() {
    let site = Site::start().await;
    let mut sender = site.connect().await;
    let request = site.push(&message(1, 1));
    sender.send(&request[..request.len() - 1]).await;
    site.hands.sleepers(2).await;
    drop(sender);
    assert_eq!(site.outcomes_when(1).await, [Outcome::RejectedCut]);
    assert_eq!(site.records().await[0].status, 0);
    assert!(site.pending().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_future_is_dropped_is_recorded_once() {
    let site = Site::start().await;
    let request = Request::post(site.path())
        .header(webhook_ingress::SECRET_HEADER, site.token())
        .body(pending_body())
        .unwrap();
    let mut answer = Box::pin(site.ingress.answer(PEER, request));
    let ready = std::future::poll_fn(|context| {
        std::task::Poll::Ready(answer.as_mut().poll(context).is_ready())
    });
    assert!(!ready.await);
    assert!(site.records().await.is_empty());
    drop(answer);
    assert_eq!(site.outcomes().await, [Outcome::RejectedCut]);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_but_lawful_framing_is_read() {
    let site = Site::start().await;
    let (path, token) = (site.path(), site.token());
    let secret = format!("X-Telegram-Bot-Api-Secret-Token: {token}");
    let chunked = |body: String| format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let body = message(1, 1);
    let old = format!(
        "POST {path} HTTP/1.0\r\n{secret}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert!(site.answer(old).await.starts_with("HTTP/1.0 200 OK\r\n"));
    let body = message(2, 1);
    let bare = format!(
        "POST {path} HTTP/1.1\n{secret}\nContent-Length: {}\n\n{body}",
        body.len()
    );
    assert_eq!(site.answer(bare).await, OK);
    for (update_id, lengths) in [
        (3, "Transfer-Encoding: chunked"),
        (4, "TRANSFER-ENCODING:Chunked"),
    ] {
        let body = chunked(message(update_id, 1));
        let request = format!("POST {path} HTTP/1.1\r\n{secret}\r\n{lengths}\r\n\r\n{body}");
        let answer = site.answer(request).await;
        // The last on its connection: nobody is to disagree on where it ended.
        assert_eq!(
            answer,
            OK.replacen("\r\n", "\r\nconnection: close\r\n", 1),
            "{lengths}"
        );
    }
    let stored: Vec<_> = site
        .pending()
        .await
        .iter()
        .map(|one| one.update_id.value())
        .collect();
    assert_eq!(stored, [1, 2, 3, 4]);
    assert_eq!(site.outcomes().await, [Outcome::Accepted; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_not_http_leave_one_record_each() {
    let site = Site::start().await;
    let (path, secret) = (site.path(), site.token());
    let two_lengths = format!(
        "POST {path} HTTP/1.1\r\nX-Telegram-Bot-Api-Secret-Token: {secret}\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}"
    );
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(100));
    for (request, answer) in [
        (
            "\x16\x03\x01\x02\x00\x01\x00",
            "HTTP/1.1 400 Bad Request\r\n",
        ),
        (&two_lengths, "HTTP/1.1 400 Bad Request\r\n"),
        (&many, "HTTP/1.1 431 "),
    ] {
        let got = site.answer(request).await;
        assert!(got.starts_with(answer), "{got}");
    }
    let mut cut = site.connect().await;
    cut.send("POST /telegram").await;
    drop(cut);
    use Outcome::{RejectedCut, RejectedMalformed, RejectedTooLarge};
    let outcomes = site.outcomes_when(4).await;
    assert_eq!(
        outcomes,
        [
            RejectedMalformed,
            RejectedMalformed,
            RejectedTooLarge,
            RejectedCut
        ]
    );
}

/// A body of which nothing ever comes.
fn pending_body() -> BoxBody<bytes::Bytes, std::convert::Infallible> {
    struct Never;
    impl http_body::Body for Never {
        type Data = bytes::Bytes;
        type Error = std::convert::Infallible;
        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, Self::Error>>> {
            std::task::Poll::Pending
        }
    }
    Never.boxed()
}
