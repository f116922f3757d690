//! getUpdates and its conflicts.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Answer, Telegram, URL, request};

fn polls(telegram: &Telegram) -> tokio::task::JoinHandle<Option<Answer>> {
    let path = format!("/bot{}/getUpdates?timeout=30", telegram.token.expose());
    let address = telegram.simulator.address();
    tokio::spawn(async move { request(address, "GET", &path, "", b"").await })
}

#[tokio::test]
async fn updates_are_polled_confirmed_and_waited_for() {
    let telegram = Telegram::start().await;
    let first = telegram.says("one");
    telegram.says("two");
    let get = |offset: i64| telegram.call("getUpdates", json!({"offset": offset}));
    let both = get(0).await;
    assert_eq!(both.result().as_array().unwrap().len(), 2);
    assert_eq!(get(first + 1).await.result()[0]["update_id"], first + 1);
    assert_eq!(telegram.control.acknowledged(telegram.bot).len(), 1);
    assert_eq!(*get(first + 2).await.result(), json!([]));
    let waiting = polls(&telegram);
    telegram.hands.sleepers(1).await;
    let third = telegram.says("three");
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!(answer.result()[0]["update_id"], third);
    get(third + 1).await;
    let waiting = polls(&telegram);
    telegram.hands.sleepers(1).await;
    telegram.hands.advance(Duration::from_secs(30));
    assert_eq!(*waiting.await.unwrap().unwrap().result(), json!([]));
}

#[tokio::test]
async fn conflicts_have_their_texts_and_all_but_the_first_are_held_back() {
    let telegram = Telegram::start().await;
    telegram.knows("bots.example.com", "127.0.0.1:9".parse().unwrap());
    let first = polls(&telegram);
    telegram.hands.sleepers(1).await;
    let second = polls(&telegram);
    let ended = first.await.unwrap().unwrap();
    assert_eq!(ended.status, 409);
    assert_eq!(
        ended.description(),
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    );
    telegram.hands.sleepers(1).await;
    telegram.hands.advance(Duration::from_secs(3));
    assert_eq!(
        telegram
            .call("setWebhook", json!({"url": URL}))
            .await
            .status,
        200
    );
    let ended = second.await.unwrap().unwrap();
    assert_eq!(ended.status, 409);
    assert_eq!(
        ended.description(),
        "Conflict: terminated by setWebhook request"
    );
    let held = polls(&telegram);
    telegram.hands.sleepers(1).await;
    assert!(!held.is_finished());
    telegram.hands.advance(Duration::from_secs(3));
    let ended = held.await.unwrap().unwrap();
    assert_eq!(
        ended.description(),
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    );
}
