//! What survives a token, and what a fresh one meets.

use std::time::Duration;

use serde_json::json;
use telegram_simulator::{Load, Settling};

use crate::harness::{Answer, Telegram, URL, request};

const SECOND: Duration = Duration::from_secs(1);

async fn me(telegram: &Telegram, token: &str) -> u16 {
    telegram.call_with(token, "getMe", json!({})).await.status
}

/// The webhook ends at once, even with a request in flight; what was queued waits for the next one.
#[tokio::test]
async fn a_lost_authorization_ends_delivery_at_once_and_keeps_the_queue() {
    for how in ["revoke", "disable"] {
        let set = json!({"secret_token": "s", "allowed_updates": ["message", "chat_member"]});
        let (telegram, mut receiver) = Telegram::with_webhook(set).await;
        telegram
            .control
            .synchronization_error(telegram.bot, 7)
            .unwrap();
        let in_flight = telegram.says("in flight");
        let waits = telegram.says("waits");
        let request = receiver.next().await;
        let token = if how == "revoke" {
            telegram.control.revoke(telegram.bot).unwrap()
        } else {
            telegram.control.disable(telegram.bot).unwrap();
            assert_eq!(me(&telegram, telegram.token.expose()).await, 401);
            telegram.control.enable(telegram.bot).unwrap();
            telegram.token.clone()
        };
        request.answer("200 OK");
        telegram.hands.advance(100 * SECOND);
        receiver.nothing().await;
        let info = telegram.info();
        assert_eq!(
            (&info["url"], info["pending_update_count"].as_i64()),
            (&json!(""), Some(2))
        );
        for gone in [
            "allowed_updates",
            "last_error_message",
            "last_synchronization_error_date",
        ] {
            assert!(info.get(gone).is_none(), "{how}: {gone}");
        }
        // Not limited by what the token before did.
        let set = json!({"url": URL});
        let set = telegram.call_with(token.expose(), "setWebhook", set).await;
        assert_eq!(set.description(), "Webhook was set");
        for update_id in [in_flight, waits] {
            let request = receiver.next().await;
            assert_eq!(request.update_id(), update_id, "{how}");
            request.answer("200 OK");
        }
        telegram.acknowledged(2).await;
    }
}

#[tokio::test]
async fn a_deleted_bot_answers_401_for_ever_and_its_updates_are_gone() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    telegram.says("x");
    drop(receiver.next().await);
    telegram.control.delete(telegram.bot).unwrap();
    assert_eq!(me(&telegram, telegram.token.expose()).await, 401);
    assert!(telegram.control.enable(telegram.bot).is_err());
    assert!(telegram.control.revoke(telegram.bot).is_err());
    telegram.hands.advance(100 * SECOND);
    receiver.nothing().await;
}

#[tokio::test]
async fn a_fresh_token_is_refused_for_so_long_and_so_many_calls() {
    let telegram = Telegram::start().await;
    let settling = Settling {
        refused_for_ms: 5_000,
        refused_calls: 2,
    };
    let token = telegram.control.revoke_unsettled(telegram.bot, settling);
    let token = token.unwrap();
    assert_eq!(me(&telegram, telegram.token.expose()).await, 401, "the old");
    assert_eq!(me(&telegram, token.expose()).await, 401);
    telegram.hands.advance(4 * SECOND);
    assert_eq!(me(&telegram, token.expose()).await, 401);
    assert_eq!(me(&telegram, token.expose()).await, 401, "too early");
    telegram.hands.advance(SECOND);
    assert_eq!(me(&telegram, token.expose()).await, 200);
    let path = format!("/control/bots/{}/revoke", telegram.bot);
    let revoked = telegram
        .post(&path, "application/json", br#"{"refused_calls": 1}"#)
        .await;
    let token = revoked.body["token"].as_str().unwrap();
    assert_eq!(me(&telegram, token).await, 401);
    assert_eq!(me(&telegram, token).await, 200);
}

#[tokio::test]
async fn new_bots_are_limited_when_that_is_switched_on() {
    let telegram = Telegram::start().await;
    let names: Vec<_> = (0..25).map(|number| format!("bot_{number}")).collect();
    let tokens: Vec<_> = names
        .iter()
        .map(|name| telegram.control.new_bot(name, name).1)
        .collect();
    assert_eq!(me(&telegram, telegram.token.expose()).await, 200);
    telegram.control.limit_new_bots(true);
    for token in &tokens[..20] {
        assert_eq!(me(&telegram, token.expose()).await, 200);
    }
    telegram.hands.advance(10 * SECOND);
    let refused = telegram
        .call_with(tokens[20].expose(), "getMe", json!({}))
        .await;
    assert_eq!(refused.description(), "Too Many Requests: retry after 50");
    assert_eq!(refused.body["parameters"]["retry_after"], 50);
    for running in [&telegram.token, &tokens[3]] {
        assert_eq!(me(&telegram, running.expose()).await, 200, "it runs");
    }
    assert_eq!(from(&telegram, tokens[20].expose(), "192.0.2.7").await, 200);
    telegram.hands.advance(50 * SECOND);
    assert_eq!(me(&telegram, tokens[21].expose()).await, 200);
    let body = br#"{"new_bots": false}"#;
    telegram
        .post("/control/limits", "application/json", body)
        .await;
    for token in &tokens {
        assert_eq!(me(&telegram, token.expose()).await, 200);
    }
}

/// A call through a proxy that tells whom it is for.
async fn from(telegram: &Telegram, token: &str, caller: &str) -> u16 {
    let path = format!("/bot{token}/getMe HTTP/1.1\r\nX-Real-IP: {caller}\r\nX-Rest:");
    let answer: Option<Answer> = request(telegram.simulator.address(), "GET", &path, "", b"").await;
    answer.unwrap().status
}

/// People go on writing while the token changes; the ledger shows the gap and that nothing was lost or turned round.
#[tokio::test]
async fn a_crowd_writes_on_over_a_revoke_and_the_ledger_tells_the_gap() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    let load = Load {
        updates: 300,
        per_second: 100,
        chats: 7,
    };
    let answers = tokio::spawn(async move {
        loop {
            receiver.next().await.answer("200 OK");
        }
    });
    telegram.control.load(telegram.bot, load).unwrap();
    turn(&telegram, 1_000).await;
    telegram.acknowledged(50).await;
    let token = telegram.control.revoke(telegram.bot).unwrap();
    let before = telegram.control.updates(telegram.bot).len();
    turn(&telegram, 800).await;
    assert!(telegram.control.updates(telegram.bot).len() >= before + 70);
    let set = json!({"url": URL});
    let set = telegram.call_with(token.expose(), "setWebhook", set).await;
    assert_eq!(set.status, 200);
    while telegram.control.acknowledged(telegram.bot).len() < 300 {
        turn(&telegram, 20).await;
    }
    let gap = telegram.control.longest_gap(telegram.bot).unwrap();
    assert!((800_000..2_000_000).contains(&gap.us()), "{gap:?}");
    let path = format!("/control/summary?bot={}", telegram.bot);
    let summary = telegram.get(&path).await.body;
    assert_eq!(summary["made"], 300);
    assert_eq!(
        (&summary["acknowledged"], &summary["dropped"]),
        (&json!(300), &json!(0))
    );
    assert_eq!(
        (&summary["lanes"], &summary["out_of_order"]),
        (&json!(7), &json!([]))
    );
    assert_eq!(summary["longest_gap"]["from_us"], gap.from_us);
    answers.abort();
}

/// Turns the clock by so many milliseconds, slowly enough for sockets to keep up.
async fn turn(telegram: &Telegram, ms: u64) {
    for _ in 0..ms / 5 {
        telegram.hands.advance(Duration::from_millis(5));
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }
}
