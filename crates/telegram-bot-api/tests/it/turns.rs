//! Turns for messages, as the server sees them.

use std::time::Duration;

use serde_json::json;
use telegram_bot_api::ClientConfig;
use tokio::task::JoinSet;

use crate::server::{Reply, Stage, call, token};

const SECOND: Duration = Duration::from_secs(1);

/// Sends to these chats all at once, and says in which second each message came.
async fn seconds(
    stage: &Stage,
    method: &'static str,
    chats: impl Iterator<Item = i64>,
) -> Vec<u64> {
    let mut calls = JoinSet::new();
    for chat in chats {
        let client = stage.client.clone();
        let call = call(method, json!({"chat_id": chat}));
        calls.spawn(async move { client.call(&token(1), &call).await.unwrap() });
    }
    stage.turning(calls.join_all()).await;
    let mut seconds: Vec<_> = stage.seen().iter().map(|seen| seen.at.as_secs()).collect();
    seconds.sort_unstable();
    seconds
}

#[tokio::test]
async fn messages_to_one_chat_come_in_short_bursts() {
    let stage = Stage::with([Reply::ok()]).await;
    let seconds = seconds(&stage, "sendMessage", [7; 8].into_iter()).await;
    assert_eq!(seconds, [0, 0, 0, 3, 3, 3, 6, 6]);
}

#[tokio::test]
async fn messages_to_one_group_wait_for_the_next_minute() {
    let config = |config| ClientConfig {
        deadline: 120 * SECOND,
        ..config
    };
    let stage = Stage::configured([Reply::ok()], config).await;
    let seconds = seconds(&stage, "sendMessage", [-7; 23].into_iter()).await;
    assert_eq!(seconds[..7], [0, 0, 0, 3, 3, 3, 6]);
    assert!(
        seconds[19] < 20 && seconds[20..].iter().all(|second| *second >= 60),
        "{seconds:?}"
    );
}

#[tokio::test]
async fn messages_of_one_bot_come_thirty_a_second() {
    let stage = Stage::with([Reply::ok()]).await;
    let seconds = seconds(&stage, "sendMessage", 1..=70).await;
    let count = |second| seconds.iter().filter(|it| **it == second).count();
    assert_eq!((count(0), count(1), count(2)), (30, 30, 10));
}

#[tokio::test]
async fn reads_and_answers_wait_for_nobody() {
    for method in ["getChat", "answerCallbackQuery"] {
        let stage = Stage::with([Reply::ok()]).await;
        let seconds = seconds(&stage, method, [7; 60].into_iter()).await;
        assert_eq!(seconds, [0; 60], "{method}");
    }
}

#[tokio::test]
async fn a_429_quiets_its_chat_and_no_other() {
    let stage = Stage::with([Reply::retry_after(9), Reply::ok()]).await;
    let (token, here) = (token(1), call("sendMessage", json!({"chat_id": 7})));
    let there = call("sendMessage", json!({"chat_id": 8}));
    let first = stage.client.call(&token, &here);
    let others = async {
        // The first must have been answered before the others ask.
        while stage.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        stage.clock.sleep(SECOND).await;
        tokio::join!(
            stage.client.call(&token, &here),
            stage.client.call(&token, &there)
        )
    };
    let (first, (second, third)) = stage.turning(async { tokio::join!(first, others) }).await;
    assert!(first.is_ok() && second.is_ok() && third.is_ok());
    let at: Vec<_> = stage.seen().iter().map(|seen| seen.at.as_secs()).collect();
    assert_eq!(
        at,
        [0, 1, 9, 9],
        "refused; to the other chat; and both when Telegram said"
    );
}

#[tokio::test]
async fn without_limits_nothing_waits() {
    let config = |config| ClientConfig {
        limits: None,
        ..config
    };
    let stage = Stage::configured([Reply::ok()], config).await;
    assert_eq!(
        seconds(&stage, "sendMessage", [-7; 60].into_iter()).await,
        [0; 60]
    );
}
