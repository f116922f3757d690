//! Deliveries that fail on demand, with what getWebhookInfo says of them.

use std::time::Duration;

use serde_json::{Value, json};
use telegram_simulator::{DeliveryFailure, DeliveryFault};
use tokio::net::TcpListener;

use crate::harness::{Telegram, URL};

const SECOND: Duration = Duration::from_secs(1);

async fn post(telegram: &Telegram, path: &str, body: Value) {
    let body = body.to_string();
    let path = format!("/control/{path}");
    let answer = telegram
        .post(&path, "application/json", body.as_bytes())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Every text that section of getWebhookInfo knows, each left behind by one failed delivery; the next one arrives.
#[tokio::test]
async fn each_failure_leaves_its_text_and_is_followed_by_the_usual_retry() {
    let untrusted = DeliveryFault::UNTRUSTED;
    for (how, text, arrives) in [
        (
            json!({"connect": "No route to host"}),
            "No route to host",
            false,
        ),
        (
            json!({"connect": "Connection timed out"}),
            DeliveryFault::TIMED_OUT,
            false,
        ),
        (json!({"tls": untrusted}), untrusted, false),
        (json!({"read_timeout": 500}), "Read timeout expired", true),
        (
            json!({"write_timeout": 500}),
            "Write timeout expired",
            false,
        ),
        (
            json!({"lost": "Connection reset by peer"}),
            DeliveryFault::RESET,
            true,
        ),
        (
            json!({"lost": "Unsupported Media Type: unsupported content-encoding"}),
            "Unsupported Media Type: unsupported content-encoding",
            true,
        ),
        (
            json!({"status": [502, "Bad Gateway"]}),
            "Wrong response from the webhook: 502 Bad Gateway",
            false,
        ),
    ] {
        let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
        // The connection that was opened at once has come and gone.
        telegram.hands.advance(61 * SECOND);
        let failure = json!({"bot": telegram.bot, "times": 1, "how": how});
        post(&telegram, "delivery_failures", failure).await;
        let update_id = telegram.says("x");
        if arrives {
            let request = receiver.next().await;
            assert_eq!(request.update_id(), update_id);
            request.answer("200 OK");
        }
        while telegram.info().get("last_error_message").is_none() {
            telegram.hands.advance(SECOND / 4);
            tokio::task::yield_now().await;
        }
        assert_eq!(telegram.info()["last_error_message"], text);
        assert_eq!(telegram.info()["pending_update_count"], 1, "{text}");
        let again = loop {
            tokio::select! {
                biased;
                request = receiver.next() => break request,
                () = tokio::task::yield_now() => {
                    telegram.hands.advance(SECOND / 100);
                }
            }
        };
        assert_eq!(again.update_id(), update_id);
        again.answer("200 OK");
        telegram.acknowledged(1).await;
        assert_eq!(telegram.info()["last_error_message"], text, "it stays");
    }
}

#[tokio::test]
async fn a_clean_close_leaves_no_text() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    let failure = DeliveryFailure::of(telegram.bot, DeliveryFault::Closed).times(1);
    telegram.control.fail_delivery(failure);
    telegram.says("x");
    receiver.next().await.answer("200 OK");
    telegram.ended(1).await;
    let info = telegram.info();
    assert!(info.get("last_error_message").is_none());
    assert_eq!(info["pending_update_count"], 1);
}

/// A failure without an end lasts until it is cleared, closes what stood, and is one bot's own.
#[tokio::test]
async fn failures_last_until_they_are_cleared_and_hurt_one_bot() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    let (other, token) = telegram.control.new_bot("Other", "other_bot");
    let set = json!({"url": "https://bots.example.com/other"});
    let set = telegram.call_with(token.expose(), "setWebhook", set).await;
    assert_eq!(set.status, 200);
    telegram.says("one");
    receiver.next().await.answer("200 OK");
    telegram.acknowledged(1).await;
    let how = DeliveryFault::Connect(DeliveryFault::REFUSED.into());
    telegram
        .control
        .fail_delivery(DeliveryFailure::of(telegram.bot, how));
    telegram.says("two");
    telegram
        .control
        .user_sends(other, crate::harness::CHAT, "other")
        .unwrap();
    let request = receiver.next().await;
    assert!(request.head.starts_with("POST /other"), "{}", request.head);
    request.answer("200 OK");
    for _ in 0..20 {
        telegram.hands.advance(2 * SECOND);
        tokio::task::yield_now().await;
    }
    receiver.nothing().await;
    let info = telegram.info();
    assert_eq!(info["last_error_message"], "Connection refused");
    assert_eq!(info["pending_update_count"], 1);
    let path = format!("/control/delivery_failures?bot={}", telegram.bot);
    let address = telegram.simulator.address();
    let cleared = crate::harness::request(address, "DELETE", &path, "", b"").await;
    assert_eq!(cleared.unwrap().status, 200);
    let request = loop {
        tokio::select! {
            biased;
            request = receiver.next() => break request,
            () = tokio::task::yield_now() => {
                telegram.hands.advance(SECOND);
            }
        }
    };
    request.answer("200 OK");
    telegram.acknowledged(2).await;
}

/// Right after setWebhook, with nothing to deliver: one connection, and not a byte on it.
#[tokio::test]
async fn a_webhook_that_is_set_is_tried_with_an_empty_connection() {
    use tokio::io::AsyncReadExt as _;
    let telegram = Telegram::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    telegram.knows("bots.example.com", listener.local_addr().unwrap());
    for secret in ["first", "second"] {
        let set = json!({"url": URL, "secret_token": secret});
        assert_eq!(telegram.call("setWebhook", set).await.status, 200);
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut byte = [0; 1];
        let read = loop {
            tokio::select! {
                biased;
                read = stream.read(&mut byte) => break read.unwrap(),
                () = tokio::task::yield_now() => telegram.hands.advance(SECOND),
            }
        };
        assert_eq!(read, 0, "closed when nobody used it, and nothing was said");
    }
    let set = json!({"url": URL, "secret_token": "second"});
    let same = telegram.call("setWebhook", set).await;
    assert_eq!(same.description(), "Webhook is already set");
    let pause = Duration::from_millis(60);
    let none = clock::Clock::system()
        .timeout(pause, listener.accept())
        .await;
    assert!(none.is_err(), "nothing was set, nothing is tried");
}

#[tokio::test]
async fn clocks_and_synchronization_go_wrong_on_demand() {
    let telegram = Telegram::start().await;
    let date = |head: &str| {
        let line = head.lines().find(|line| line.starts_with("date: "));
        line.unwrap().to_owned()
    };
    let right = telegram.call("getMe", json!({})).await;
    assert_eq!(date(&right.head), "date: thu, 01 jan 2026 00:00:00 gmt");
    post(&telegram, "clock", json!({"ahead_seconds": -120})).await;
    let skewed = telegram.call("getMe", json!({})).await;
    assert_eq!(date(&skewed.head), "date: wed, 31 dec 2025 23:58:00 gmt");
    let lost = json!({"bot": telegram.bot});
    post(&telegram, "synchronization_error", lost).await;
    let shown = &telegram.info()["last_synchronization_error_date"];
    assert_eq!(*shown, 1_767_225_600);
    let how = json!({"tls": "x"});
    post(&telegram, "delivery_failures", json!({"how": how})).await;
    let address = telegram.simulator.address();
    let path = "/control/delivery_failures";
    let cleared = crate::harness::request(address, "DELETE", path, "", b"").await;
    assert_eq!(cleared.unwrap().status, 200);
}
