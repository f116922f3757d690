//! Connections that end when they should not. The server here is bytes alone, because a proper one would not do it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clock::{Clock, Entropy, ManualClock};
use serde_json::json;
use telegram_bot_api::{Client, ClientConfig, Error};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::server::{call, token, turning};

/// Reads one request of each connection, unless `at_once`, writes these bytes, and closes.
async fn closing(answer: &'static str, at_once: bool) -> (Client, ManualClock, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (clock, hands) = Clock::manual();
    let config = ClientConfig {
        api_root: format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap(),
        ..ClientConfig::default()
    };
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            let mut request = Vec::new();
            while !at_once && !request.ends_with(b"}") {
                stream.read_buf(&mut request).await.unwrap();
            }
            _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let client = Client::new(config, clock, Entropy::seeded(7)).unwrap();
    (client, hands, accepted)
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_not_used_again() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 25\r\n\r\n{\"ok\":true,\"result\":true}";
    let (client, _, accepted) = closing(answer, false).await;
    for chat in 1..=20 {
        let message = call("sendMessage", json!({"chat_id": chat}));
        client.call(&token(1), &message).await.unwrap();
        // The close must have come through, as it has by the time a server's patience is over.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(accepted.load(Ordering::Relaxed), 20);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_ambiguous() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 200 OK\r\ncontent-length: 25\r\n\r\n{\"ok\":true,",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n{\"ok\":true,\r\n",
        "not HTTP at all\r\n\r\n",
    ] {
        let (client, hands, accepted) = closing(answer, false).await;
        let (token, message) = (token(1), call("sendMessage", json!({"chat_id": 7})));
        let error = turning(&hands, client.call(&token, &message))
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                Error::Network {
                    ambiguous: true,
                    ..
                }
            ),
            "{answer:?}: {error:?}"
        );
        assert_eq!(accepted.load(Ordering::Relaxed), 1);
        let read = call("getMe", json!({}));
        turning(&hands, client.call(&token, &read))
            .await
            .unwrap_err();
        assert_eq!(
            accepted.load(Ordering::Relaxed),
            5,
            "reads are tried four times"
        );
    }
}

#[tokio::test]
async fn a_connection_that_closes_at_once_is_tried_anew_for_reads() {
    let (client, hands, accepted) = closing("", true).await;
    let (token, read) = (token(1), call("getMe", json!({})));
    let error = turning(&hands, client.call(&token, &read))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Network { .. }), "{error:?}");
    assert!(accepted.load(Ordering::Relaxed) >= 4);
}
