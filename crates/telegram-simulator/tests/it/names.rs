//! What the name service does to webhooks: takes its time, leads elsewhere, fails.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::harness::{Answer, Telegram, URL, request};
use crate::receiver::Receiver;

const SECOND: Duration = Duration::from_secs(1);
const HOST: &str = "bots.example.com";

/// setWebhook with its wait, as somebody who does not stand in line.
fn sets(telegram: &Telegram, parameters: Value) -> JoinHandle<Option<Answer>> {
    let path = format!("/bot{}/setWebhook", telegram.token.expose());
    let (address, body) = (telegram.simulator.address(), parameters.to_string());
    tokio::spawn(async move {
        request(address, "POST", &path, "application/json", body.as_bytes()).await
    })
}

async fn slow() -> (Telegram, Receiver) {
    let telegram = Telegram::start().await;
    let receiver = Receiver::start().await;
    telegram.knows(HOST, receiver.address);
    telegram.control.resolve_slowly(HOST, 2 * SECOND);
    (telegram, receiver)
}

#[tokio::test]
async fn a_slow_name_holds_set_webhook_back() {
    let (telegram, mut receiver) = slow().await;
    let setting = sets(&telegram, json!({"url": URL, "secret_token": "s"}));
    telegram.hands.sleepers(1).await;
    let info = telegram.info();
    assert_eq!(
        (&info["url"], &info["ip_address"]),
        (&json!(URL), &json!("<unknown>"))
    );
    let polled = telegram.call("getUpdates", json!({})).await;
    assert!(polled.description().contains("webhook is active"));
    telegram.says("x");
    receiver.nothing().await;
    telegram.hands.advance(2 * SECOND);
    let set = setting.await.unwrap().unwrap();
    assert_eq!(set.description(), "Webhook was set");
    assert_eq!(telegram.info()["ip_address"], "149.154.160.1");
    assert!(receiver.next().await.head.contains("Secret-Token: s"));
    let calls = telegram.control.calls(telegram.bot);
    let set = calls.iter().find(|call| call.method == "setWebhook");
    let set = set.unwrap();
    assert_eq!(set.answered_us - set.at_us, 2_000_000);
}

#[tokio::test]
async fn whatever_comes_in_between_ends_it_with_a_conflict() {
    const TEXT: &str = "Conflict: terminated by other setWebhook";
    let (telegram, _receiver) = slow().await;
    let first = sets(&telegram, json!({"url": URL, "secret_token": "first"}));
    telegram.hands.sleepers(1).await;
    let second = telegram.call("setWebhook", json!({"url": URL})).await;
    assert_eq!(second.status, 429, "once a second, also now");
    telegram.hands.advance(SECOND);
    let second = sets(&telegram, json!({"url": URL, "secret_token": "second"}));
    let first = first.await.unwrap().unwrap();
    assert_eq!((first.status, first.description()), (409, TEXT));
    telegram.hands.sleepers(1).await;
    telegram.hands.advance(2 * SECOND);
    assert_eq!(second.await.unwrap().unwrap().status, 200);

    let third = sets(&telegram, json!({"url": URL, "secret_token": "third"}));
    let is_set = |info: Value| info["ip_address"] == "<unknown>";
    while !is_set(telegram.info()) {
        tokio::task::yield_now().await;
    }
    let deleted = telegram.call("deleteWebhook", json!({})).await;
    assert_eq!(deleted.status, 200);
    let third = third.await.unwrap().unwrap();
    assert_eq!((third.status, third.description()), (409, TEXT));
    assert_eq!(telegram.info()["url"], "");
    telegram.hands.advance(SECOND);
    let fourth = sets(&telegram, json!({"url": URL}));
    while !is_set(telegram.info()) {
        tokio::task::yield_now().await;
    }
    telegram.control.revoke(telegram.bot).unwrap();
    assert_eq!(fourth.await.unwrap().unwrap().status, 401);
}

#[tokio::test]
async fn a_refusal_after_the_wait_leaves_nothing() {
    let (telegram, _receiver) = slow().await;
    let setting = sets(&telegram, json!({"url": URL}));
    telegram.hands.sleepers(1).await;
    telegram.control.unresolve(HOST);
    telegram.hands.advance(2 * SECOND);
    let refused = setting.await.unwrap().unwrap();
    assert!(refused.description().contains("Failed to resolve host"));
    assert_eq!(telegram.info()["url"], "");
    telegram.hands.advance(SECOND);
    let wrong = json!({"url": "http://bots.example.com/"});
    assert_eq!(
        telegram.call("setWebhook", wrong).await.status,
        400,
        "at once"
    );
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_noticed_after_half_an_hour() {
    let (telegram, mut here) = Telegram::with_webhook(json!({})).await;
    let mut there = Receiver::start().await;
    telegram.says("one");
    here.next().await.answer("200 OK");
    telegram.acknowledged(1).await;
    telegram.knows(HOST, there.address);
    telegram.hands.advance(29 * 60 * SECOND);
    telegram.says("two");
    here.next().await.answer("200 OK");
    telegram.acknowledged(2).await;
    telegram.hands.advance(4 * 60 * SECOND);
    telegram.says("three");
    there.next().await.answer("200 OK");
    telegram.acknowledged(3).await;
    telegram.control.unresolve(HOST);
    telegram.control.look_up_again(HOST);
    telegram.says("four");
    there.next().await.answer("200 OK");
    telegram.acknowledged(4).await;
    here.nothing().await;
}

#[tokio::test]
async fn at_once_old_connections_end_with_their_next_answer() {
    let (telegram, mut here) = Telegram::with_webhook(json!({})).await;
    let mut there = Receiver::start().await;
    telegram.says("one");
    here.next().await.answer("200 OK");
    telegram.acknowledged(1).await;
    let body = json!({
        "host": HOST,
        "address": "91.108.4.9",
        "deliver_to": there.address,
        "at_once": true,
        "takes_ms": 5,
    });
    let body = body.to_string();
    let answer = telegram
        .post("/control/resolve", "application/json", body.as_bytes())
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(telegram.info()["ip_address"], "91.108.4.9");
    telegram.says("two");
    here.next().await.answer("200 OK");
    telegram.acknowledged(2).await;
    telegram.says("three");
    there.next().await.answer("200 OK");
    telegram.acknowledged(3).await;
}
