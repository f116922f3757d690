//! What a server is sent.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use outbound_http::OutboundConfig;
use std::sync::Arc;

use crate::harness::{Client, HOST, SECRET, Server, patiently, target};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn a_request_has_the_headers_given_and_ours() {
    let server = Server::answering(OK).await;
    let client = Client::new();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/json"),
        ("webhook-id", "evt_1"),
        // Not the caller's to say.
        ("host", "other.example"),
        ("content-length", "1000"),
        ("transfer-encoding", "chunked"),
        ("connection", "keep-alive"),
        ("expect", "100-continue"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let target = server.http();
    let post = client
        .outbound
        .post(&target, headers, Bytes::from("{\"a\":1}"));
    patiently(post).await.unwrap();
    let request = server.requests().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines.remove(0), format!("POST {SECRET} HTTP/1.1"));
    lines.sort_unstable();
    let host = format!("host: {HOST}:{}", server.address.port());
    assert_eq!(
        lines,
        [
            "connection: close",
            "content-length: 7",
            "content-type: application/json",
            host.as_str(),
            "webhook-id: evt_1",
        ]
    );
    assert_eq!(body, "{\"a\":1}");
}

#[tokio::test]
async fn every_request_has_a_connection_of_its_own() {
    let server = Server::answering(OK).await;
    let client = Client::new();
    for connections in 1..=3 {
        client.post(&server.http()).await.unwrap();
        assert_eq!(server.connections(), connections);
    }
}

#[tokio::test]
async fn an_address_is_called_without_a_look_up() {
    let server = Server::answering(OK).await;
    let client = Client::with(OutboundConfig {
        allow_private: true,
        names: Arc::new(crate::harness::names(&[])),
        ..OutboundConfig::default()
    });
    let port = server.address.port();
    client
        .post(&target("http", "127.0.0.1", port))
        .await
        .unwrap();
    let request = server.requests().remove(0);
    assert!(request.contains(&format!("host: 127.0.0.1:{port}\r\n")));
}

#[tokio::test]
async fn many_go_at_once() {
    let server = Server::answering(OK).await;
    let client = Client::new();
    let target = server.http();
    let posts = (0..64).map(|_| {
        let (outbound, target) = (client.outbound.clone(), target.clone());
        tokio::spawn(async move {
            outbound
                .post(&target, HeaderMap::new(), Bytes::new())
                .await
                .unwrap()
        })
    });
    for post in posts.collect::<Vec<_>>() {
        assert_eq!(patiently(post).await.unwrap().body, "ok");
    }
    assert_eq!(server.requests().len(), 64);
}
