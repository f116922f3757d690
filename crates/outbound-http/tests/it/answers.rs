//! What comes back: good, bad, late, endless.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use outbound_http::{Failure, OutboundConfig, Step};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::harness::{Client, Server, Wire, names, patiently, read_request};

fn bounded(answer_bytes: usize) -> Client {
    Client::with(OutboundConfig {
        allow_private: true,
        answer_bytes,
        names: Arc::new(names(&["127.0.0.1".parse().unwrap()])),
        ..OutboundConfig::default()
    })
}

fn sentence(failure: &Failure) -> &'static str {
    match failure {
        Failure::Broken { what, .. } => what,
        other => panic!("{other:?}"),
    }
}

const CUT: &str = "the connection ended before the whole answer had come";
const NOT_HTTP: &str = "the server answered something that is not HTTP";

#[tokio::test]
async fn any_status_is_an_answer() {
    for status in [200, 204, 400, 410, 429, 500, 599] {
        let head = format!("HTTP/1.1 {status} x\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
        let server = Server::answering(head).await;
        let answer = Client::new().post(&server.http()).await.unwrap();
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.headers["retry-after"], "7");
        assert_eq!(answer.body, "");
        assert!(!answer.truncated);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    for status in [301, 302, 303, 307, 308] {
        let location = elsewhere.http();
        let head =
            format!("HTTP/1.1 {status} x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let server = Server::answering(head).await;
        let answer = Client::new().post(&server.http()).await.unwrap();
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.headers["location"], location.to_string());
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_compressed_body_stays_as_it_is() {
    let body = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0xff, 0xff];
    let mut answer =
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 15\r\n\r\n".to_vec();
    answer.extend(body);
    let server = Server::answering(answer).await;
    let answer = Client::new().post(&server.http()).await.unwrap();
    assert_eq!(answer.body, &body[..]);
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let until_closed = "HTTP/1.0 200 OK\r\n\r\nhello";
    for answer in [chunked, whole, until_closed] {
        let server = Server::answering(answer).await;
        for (limit, body, truncated) in [
            (6, "hello", false),
            (5, "hello", false),
            (4, "hell", true),
            (0, "", true),
        ] {
            let answer = bounded(limit).post(&server.http()).await.unwrap();
            assert_eq!(answer.body, body, "{limit}");
            assert_eq!(answer.truncated, truncated, "{limit}");
        }
    }
}

#[tokio::test]
async fn ten_megabytes_are_cut_to_the_first_64_kib() {
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n".to_vec();
    answer.resize(answer.len() + (10 << 20), b'a');
    let server = Server::answering(answer).await;
    let answer = Client::new().post(&server.http()).await.unwrap();
    assert_eq!(answer.body.len(), 64 << 10);
    assert!(answer.body.iter().all(|byte| *byte == b'a'));
    assert!(answer.truncated);
}

#[tokio::test]
async fn an_endless_body_ends_at_the_limit_and_its_connection_with_it() {
    let (ended, end) = tokio::sync::oneshot::channel();
    let ended = std::sync::Mutex::new(Some(ended));
    let server = Server::start(None, move |mut wire: Wire, _| {
        let ended = ended.lock().unwrap().take();
        async move {
            read_request(&mut wire).await;
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            wire.write_all(head.as_bytes()).await.unwrap();
            let chunk = format!("1000\r\n{}\r\n", "a".repeat(0x1000));
            while wire.write_all(chunk.as_bytes()).await.is_ok() {}
            ended.unwrap().send(()).unwrap();
        }
    })
    .await;
    let answer = Client::new().post(&server.http()).await.unwrap();
    assert_eq!(answer.body.len(), 64 << 10);
    assert!(answer.truncated);
    patiently(end).await.unwrap();
}

#[tokio::test]
async fn what_does_not_come_in_time_is_given_up() {
    for (sent, step) in [
        ("", Step::Answer),
        ("HTTP/1.1 200 OK\r\nContent-Le", Step::Answer),
        ("HTTP/1.1 100 Continue\r\n\r\n", Step::Answer),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Step::Body),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            Step::Body,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            Step::Body,
        ),
        ("HTTP/1.1 200 OK\r\n\r\nhello", Step::Body),
    ] {
        let server = Server::hanging_after(sent).await;
        let failure = Client::new().failure_after_deadline(&server).await;
        let Failure::TimedOut(when) = failure else {
            panic!("{sent:?}: {failure:?}")
        };
        assert_eq!(when, step, "{sent:?}");
    }
}

#[tokio::test]
async fn what_is_no_http_is_no_answer() {
    for answer in [
        "garbage\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "\u{0}\u{1}\u{2}\u{3}",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ] {
        let server = Server::answering(answer).await;
        let failure = Client::new().failure(&server.http()).await;
        assert_eq!(sentence(&failure), NOT_HTTP, "{answer:?}");
    }
}

#[tokio::test]
async fn a_cut_answer_is_no_answer() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n",
    ] {
        let server = Server::answering(answer).await;
        let failure = Client::new().failure(&server.http()).await;
        assert_eq!(sentence(&failure), CUT, "{answer:?}");
    }
}

#[tokio::test]
async fn a_head_has_its_limits_too() {
    let long = format!(
        "HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n",
        "a".repeat(20 << 10)
    );
    let many = format!(
        "HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n",
        "a: b\r\n".repeat(101)
    );
    for answer in [long, many] {
        let server = Server::answering(answer).await;
        let failure = Client::new().failure(&server.http()).await;
        assert!(
            sentence(&failure).starts_with("the head of the answer is longer"),
            "{failure:?}"
        );
    }
    let fits = format!(
        "HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n",
        "a: b\r\n".repeat(99)
    );
    let server = Server::answering(fits).await;
    let answer = Client::new().post(&server.http()).await.unwrap();
    assert_eq!(answer.headers.len(), 100);
}

#[tokio::test]
async fn interim_answers_are_not_the_answer() {
    let server = Server::answering(
        "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    let answer = Client::new().post(&server.http()).await.unwrap();
    assert_eq!(answer.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_server_that_answers_before_it_has_read_all_is_heard() {
    let server = Server::start(None, |mut wire: Wire, _| async move {
        let mut head = [0; 16];
        wire.read_exact(&mut head).await.unwrap();
        let answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig";
        wire.write_all(answer.as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let client = Client::new();
    let target = server.http();
    let body = Bytes::from(vec![b'a'; 32 << 20]);
    let post = client.outbound.post(&target, HeaderMap::new(), body);
    let answer = patiently(post).await.unwrap();
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.body, "big");
}
