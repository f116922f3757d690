//! What the `Date` of an answer says about our clock. The server writes its head itself: one that is any good sets the date.

use std::time::Duration;

use clock::{Clock, Entropy};
use serde_json::json;
use telegram_bot_api::{Client, ClientConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::server::{call, token};

/// A client whose answers carry these lines, one after the other; its clock stands at the first second of 2026.
async fn answered(lines: &'static [&'static str]) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = ClientConfig {
        api_root: format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap(),
        attempts: 1,
        ..ClientConfig::default()
    };
    tokio::spawn(async move {
        for line in lines {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"}") {
                stream.read_buf(&mut request).await.unwrap();
            }
            let answer = format!("HTTP/1.1 {line}\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let (clock, _hands) = Clock::manual();
    Client::new(config, clock, Entropy::seeded(7)).unwrap()
}

async fn calls(client: &Client, times: usize) {
    for _ in 0..times {
        // What is answered does not matter here, only its head.
        _ = client.call(&token(1), &call("getMe", json!({}))).await;
    }
}

#[tokio::test]
async fn a_skewed_date_tells_the_offset() {
    let client = answered(&["200 OK\r\nDate: Wed, 31 Dec 2025 23:57:00 GMT\r\nContent-Length: 0"]);
    let client = client.await;
    assert_eq!(client.clock_offset(), None);
    calls(&client, 1).await;
    let offset = client.clock_offset().unwrap();
    assert_eq!(offset.ahead_us, 179_500_000, "three minutes ahead");
    assert_eq!(offset.uncertainty, Duration::from_millis(500));
    assert_eq!(offset.observed_at.unix_seconds(), 1_767_225_600);
    assert!(offset.exceeds(Duration::from_secs(120)));
    assert!(!offset.exceeds(Duration::from_secs(179)));
}

#[tokio::test]
async fn refusals_tell_it_too_and_a_clock_that_is_right_is_right() {
    let client = answered(&[
        "401 Unauthorized\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Length: 0",
        "502 Bad Gateway\r\nDate: Thu, 01 Jan 2026 00:00:01 GMT\r\nContent-Length: 0",
    ])
    .await;
    calls(&client, 1).await;
    assert!(!client.clock_offset().unwrap().exceeds(Duration::ZERO));
    calls(&client, 1).await;
    assert_eq!(client.clock_offset().unwrap().ahead_us, -1_500_000);
}

#[tokio::test]
async fn a_missing_or_garbled_date_changes_nothing() {
    let client = answered(&[
        "200 OK\r\nDate: yesterday\r\nContent-Length: 0",
        "200 OK\r\nContent-Length: 0",
        "200 OK\r\nDate: Wed, 31 Dec 2025 23:59:50 GMT\r\nContent-Length: 0",
        "200 OK\r\nDate: \u{1}\r\nContent-Length: 0",
        "200 OK\r\nDate: Thu, 32 Jan 2026 99:00:00 GMT\r\nContent-Length: 0",
        "200 OK\r\nContent-Length: 0",
    ])
    .await;
    calls(&client, 2).await;
    assert_eq!(client.clock_offset(), None);
    calls(&client, 1).await;
    let known = client.clock_offset();
    assert_eq!(known.unwrap().ahead_us, 9_500_000);
    calls(&client, 3).await;
    assert_eq!(client.clock_offset(), known);
}
