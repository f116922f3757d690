//! What goes over the wire, in which order, and over how many connections.

use std::time::Duration;

use serde_json::json;
use telegram_simulator::{ChatId, UserId};

use crate::harness::{CHAT, DEADLINE, Telegram, URL};
use crate::receiver::Receiver;

#[tokio::test]
async fn a_request_is_exact_to_the_byte() {
    let telegram = Telegram::start().await;
    let mut receiver = Receiver::start().await;
    telegram.knows("bots.example.com", receiver.address);
    let url = "https://user:pass@Bots.example.com:8443/a b?c=d";
    let set = json!({"url": url, "secret_token": "S3cret-_"});
    telegram.call("setWebhook", set).await;
    let update_id = telegram.says("naïve 😀");
    let request = receiver.next().await;
    let expected = format!(
        "POST /a%20b?c=d HTTP/1.1\r\n\
         Host: bots.example.com:8443\r\n\
         Authorization: Basic dXNlcjpwYXNz\r\n\
         X-Telegram-Bot-Api-Secret-Token: S3cret-_\r\n\
         Content-Type: application/json\r\n\
         Content-Length: {}\r\n\
         Connection: keep-alive\r\n\
         Accept-Encoding: gzip, deflate",
        request.text.len()
    );
    assert_eq!(request.head, expected);
    assert!(request.text.is_ascii());
    assert!(
        request
            .text
            .starts_with(&format!("{{\"update_id\":{update_id},"))
    );
    assert!(request.text.contains(r"na\u00efve \ud83d\ude00"));
    assert_eq!(request.body.as_object().unwrap().len(), 2);
    request.answer("204 No Content");
    telegram.acknowledged(1).await;
    assert_eq!(telegram.info()["pending_update_count"], 0);
}

#[tokio::test]
async fn without_secret_and_user_their_headers_are_absent() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    telegram.says("x");
    let request = receiver.next().await;
    let names: Vec<&str> = request
        .head
        .lines()
        .skip(1)
        .filter_map(|line| line.split(':').next())
        .collect();
    assert_eq!(
        names,
        [
            "Host",
            "Content-Type",
            "Content-Length",
            "Connection",
            "Accept-Encoding"
        ]
    );
    assert!(request.head.contains("Host: bots.example.com\r\n"));
}

#[tokio::test]
async fn a_queue_waits_for_its_first_while_others_run() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    let warm = telegram.says("warm up");
    receiver.next().await.answer("200 OK");
    telegram.acknowledged(1).await;
    let first = telegram.says("first");
    let second = telegram.says("second");
    let tap = json!({"id": "9", "from": {"id": UserId(CHAT.0)}, "data": "x"});
    let tap = telegram
        .control
        .update(telegram.bot, "callback_query", &tap)
        .unwrap()
        .unwrap();
    let elsewhere = telegram
        .control
        .user_sends(telegram.bot, ChatId(77), "elsewhere")
        .unwrap()
        .unwrap();
    let mut in_flight = vec![
        receiver.next().await,
        receiver.next().await,
        receiver.next().await,
    ];
    let ids: Vec<i64> = in_flight.iter().map(|one| one.update_id()).collect();
    assert!(ids.contains(&first) && ids.contains(&tap) && ids.contains(&elsewhere));
    receiver.nothing().await;
    let place = ids.iter().position(|id| *id == first).unwrap();
    in_flight.remove(place).answer("200 OK");
    let next = receiver.next().await;
    assert_eq!(next.update_id(), second);
    assert_eq!((first, second), (warm + 1, warm + 2));
}

#[tokio::test]
async fn delivery_is_serial_until_the_first_success_then_widens() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({"max_connections": 6})).await;
    for chat in 1..=20 {
        telegram
            .control
            .user_sends(telegram.bot, ChatId(chat), "x")
            .unwrap();
    }
    let only = receiver.next().await;
    receiver.nothing().await;
    telegram.hands.advance(Duration::from_secs(30));
    receiver.nothing().await;
    only.answer("200 OK");
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(receiver.next().await);
    }
    receiver.nothing().await;
    let mut connections: Vec<usize> = held.iter().map(|one| one.connection).collect();
    connections.sort_unstable();
    assert_eq!(connections, [1, 2, 3, 4, 5, 6], "the first is used again");
    for one in held {
        one.answer("200 OK");
    }
    for _ in 0..13 {
        receiver.next().await.answer("200 OK");
    }
    telegram.acknowledged(20).await;
}

#[tokio::test]
async fn a_connection_that_the_receiver_closes_is_replaced() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    telegram.says("one");
    let first = receiver.next().await;
    first.answer_with("200 OK", "Connection: close");
    telegram.acknowledged(1).await;
    telegram.says("two");
    let second = receiver.next().await;
    assert_eq!(second.connection, 2);
    second.answer("200 OK");
    telegram.acknowledged(2).await;
}

#[tokio::test]
async fn a_reply_with_a_method_is_executed_as_the_bot() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    let call = format!(r#"{{"method":"SendMessage","chat_id":{CHAT},"text":"hi"}}"#);
    for (content_type, body) in [
        ("text/plain", call.as_str()),
        ("application/json", r#"{"method":"deleteWebhook"}"#),
        ("application/json", r#"{"method":"getMe"}"#),
        ("application/json", "no JSON at all"),
        ("application/json; charset=utf-8", call.as_str()),
        (
            "application/x-www-form-urlencoded",
            "method=sendMessage&chat_id=1&text=x",
        ),
    ] {
        telegram.says("x");
        receiver.next().await.reply(content_type, body);
    }
    telegram.acknowledged(6).await;
    let calls = telegram.control.calls(telegram.bot);
    let replies: Vec<(&str, u16)> = calls
        .iter()
        .filter(|call| call.via == telegram_simulator::Via::WebhookReply)
        .map(|call| (call.method.as_str(), call.status))
        .collect();
    assert_eq!(replies, [("SendMessage", 200), ("sendMessage", 400)]);
    assert_eq!(telegram.info()["url"], URL);
    let messages = telegram.control.messages(telegram.bot, CHAT);
    assert_eq!(messages.iter().filter(|one| one["text"] == "hi").count(), 1);
}

#[tokio::test]
async fn a_new_token_keeps_the_queue_and_loses_the_webhook() {
    let set = json!({"allowed_updates": ["message"]});
    let (telegram, mut receiver) = Telegram::with_webhook(set).await;
    let first = telegram.says("one");
    let in_flight = receiver.next().await;
    let token = telegram.control.revoke(telegram.bot).unwrap();
    in_flight.answer("200 OK");
    let second = telegram.says("two");
    receiver.nothing().await;
    let info = telegram.info();
    assert_eq!(info["url"], "");
    assert_eq!(info["pending_update_count"], 2);
    assert!(info.get("allowed_updates").is_none());
    assert!(telegram.control.acknowledged(telegram.bot).is_empty());
    telegram.hands.advance(Duration::from_secs(1));
    let answer = telegram
        .call_with(token.expose(), "setWebhook", json!({"url": URL}))
        .await;
    assert_eq!(answer.description(), "Webhook was set");
    for update_id in [first, second] {
        let request = receiver.next().await;
        assert_eq!(request.update_id(), update_id, "in order, none lost");
        request.answer("200 OK");
    }
    telegram.acknowledged(2).await;
}

#[tokio::test]
async fn a_rival_takes_over_and_nobody_is_told() {
    let set = json!({"secret_token": "ours"});
    let (telegram, mut receiver) = Telegram::with_webhook(set).await;
    let (control, bot) = (&telegram.control, telegram.bot);
    telegram.hands.advance(Duration::from_secs(1));
    control.rival_drops_secret(bot).unwrap();
    telegram.says("x");
    let request = receiver.next().await;
    assert!(!request.head.contains("Secret-Token"));
    request.answer("200 OK");
    telegram.hands.advance(Duration::from_secs(1));
    control
        .rival_sets_webhook(bot, "https://rival.example/theirs")
        .unwrap();
    assert_eq!(telegram.info()["url"], "https://rival.example/theirs");
    telegram.says("y");
    telegram.acknowledged(2).await;
    receiver.nothing().await;
    control.rival_deletes_webhook(bot).unwrap();
    assert_eq!(telegram.info()["url"], "");
    control.wait_for(|_| true, DEADLINE).await.unwrap();
}
