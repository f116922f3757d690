//! The control API over HTTP, and the page.

use std::time::Duration;

use clock::{Clock, Entropy};
use serde_json::{Value, json};
use telegram_simulator::{Simulator, SimulatorConfig};

use crate::harness::{Answer, DEADLINE, Telegram, request};
use crate::receiver::Receiver;

async fn post(telegram: &Telegram, path: &str, body: Value) -> Answer {
    let path = format!("/control/{path}");
    telegram
        .post(&path, "application/json", body.to_string().as_bytes())
        .await
}

#[tokio::test]
async fn a_story_told_over_http() {
    let telegram = Telegram::start().await;
    let mut receiver = Receiver::start().await;
    let made = post(
        &telegram,
        "bots",
        json!({"name": "Two", "username": "two_bot"}),
    )
    .await;
    let (bot, token) = (&made.body["id"], made.body["token"].as_str().unwrap());
    let resolve = json!({"host": "two.example.com", "deliver_to": receiver.address});
    assert_eq!(post(&telegram, "resolve", resolve).await.status, 200);
    let set = json!({"url": "https://two.example.com/", "secret_token": "s"});
    assert_eq!(
        telegram.call_with(token, "setWebhook", set).await.status,
        200
    );
    let sent = post(
        &telegram,
        "send",
        json!({"bot": bot, "chat": 5, "text": "hello"}),
    )
    .await;
    let request = receiver.next().await;
    assert_eq!(request.body["update_id"], sent.body["update_id"]);
    let keyboard = json!({"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]});
    let answer = json!({"chat_id": 5, "text": "hi", "reply_markup": keyboard});
    telegram.call_with(token, "sendMessage", answer).await;
    request.answer("200 OK");
    let tap = post(
        &telegram,
        "tap",
        json!({"bot": bot, "chat": 5, "data": "go"}),
    )
    .await;
    let request = receiver.next().await;
    assert_eq!(request.body["update_id"], tap.body["update_id"]);
    request.answer("200 OK");
    let join = json!({"bot": bot, "chat": -100, "user": 5});
    assert_eq!(post(&telegram, "join", join).await.status, 200);
    receiver.next().await.answer("200 OK");
    let id = telegram_simulator::BotId(bot.as_i64().unwrap());
    telegram
        .control
        .wait_for(|ledger| ledger.acknowledged(id).len() == 3, DEADLINE)
        .await
        .unwrap();
    the_story_is_on_record(&telegram, bot).await;
}

async fn the_story_is_on_record(telegram: &Telegram, bot: &Value) {
    let ledger = telegram
        .get(&format!("/control/ledger?bot={bot}"))
        .await
        .body;
    assert_eq!(ledger["updates"].as_array().unwrap().len(), 3);
    let first = &ledger["updates"][0];
    assert_eq!(
        (&first["kind"], &first["text"], &first["attempts"]),
        (&json!("message"), &json!("hello"), &json!(1))
    );
    assert!(first["acknowledged_us"].is_u64());
    assert_eq!(
        (
            &ledger["messages"][0]["chat"],
            &ledger["messages"][0]["text"]
        ),
        (&json!(5), &json!("hi"))
    );
    let deliveries = telegram
        .get(&format!("/control/deliveries?bot={bot}&from=1"))
        .await
        .body;
    assert_eq!(deliveries.as_array().unwrap().len(), 2);
    let calls = telegram
        .get(&format!("/control/calls?bot={bot}"))
        .await
        .body;
    assert_eq!(calls[1]["parameters"]["text"], "hi");
    let chat = telegram
        .get(&format!("/control/chats/5?bot={bot}"))
        .await
        .body;
    assert_eq!(chat["messages"][1]["text"], "hi");
    let state = telegram.get("/control/state").await.body;
    assert!(state["resolve"]["two.example.com"].is_object());
}

#[tokio::test]
async fn bots_rivals_and_failures_over_http() {
    let telegram = Telegram::start().await;
    let bot = telegram.bot;
    let revoked = post(&telegram, &format!("bots/{bot}/revoke"), json!({})).await;
    let token = revoked.body["token"].as_str().unwrap();
    assert_eq!(telegram.call("getMe", json!({})).await.status, 401);
    let failure = json!({"bot": bot, "times": 1, "how": {"too_many_requests": 3}});
    assert_eq!(post(&telegram, "failures", failure).await.status, 200);
    assert_eq!(
        telegram.call_with(token, "getMe", json!({})).await.status,
        429
    );
    assert_eq!(
        telegram.call_with(token, "getMe", json!({})).await.status,
        200
    );
    let rival = json!({"bot": bot, "action": "set_webhook", "url": "https://rival.example/x"});
    assert_eq!(post(&telegram, "rival", rival).await.status, 200);
    assert_eq!(telegram.info()["url"], "https://rival.example/x");
    let rival = json!({"bot": bot, "action": "delete_webhook"});
    assert_eq!(post(&telegram, "rival", rival).await.status, 200);
    let user = json!({"id": 5, "first_name": "Ann", "username": "ann"});
    assert_eq!(post(&telegram, "users", user).await.status, 200);
    let chat = json!({"bot": bot, "id": -9, "kind": "group", "title": "Club"});
    assert_eq!(post(&telegram, "chats", chat).await.status, 200);
    let said = json!({"bot": bot, "chat": -9, "from": 5, "text": "x"});
    post(&telegram, "send", said).await;
    let path = format!("/control/chats/-9?bot={bot}");
    let message = &telegram.get(&path).await.body["messages"][0];
    assert_eq!(message["from"]["username"], "ann");
    assert_eq!(message["chat"]["type"], "group");
    let access = json!({"bot": bot, "chat": 5, "access": "blocked"});
    assert_eq!(post(&telegram, "access", access).await.status, 200);
    for (path, body, status) in [
        ("bots/77/revoke", json!({}), 404),
        ("tap", json!({"bot": bot, "chat": 5, "data": "x"}), 404),
        ("send", json!({"bot": bot}), 400),
        (
            "update",
            json!({"bot": bot, "kind": "non sense", "content": {}}),
            400,
        ),
        (
            "resolve",
            json!({"host": "x", "deliver_to": "127.0.0.1:1", "tls": true}),
            400,
        ),
        ("nothing", json!({}), 404),
    ] {
        let answer = post(&telegram, path, body).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.body["error"].is_string());
    }
    let page = telegram.get("/").await;
    assert!(page.head.contains("text/html"));
    let page = page.body.as_str().unwrap();
    assert!(
        page.contains("<html") && !page.contains("https://"),
        "nothing from elsewhere"
    );
}

#[tokio::test]
async fn a_crowd_writes_at_its_rate() {
    let config = SimulatorConfig::new(Clock::system(), Entropy::seeded(2));
    let simulator = Simulator::start(config).await.unwrap();
    let control = simulator.control();
    let (bot, _) = control.new_bot("Busy", "busy_bot");
    let began = Clock::system();
    let body = json!({"bot": bot, "updates": 200, "per_second": 1_000, "chats": 10}).to_string();
    let address = simulator.address();
    let answer = request(
        address,
        "POST",
        "/control/load",
        "application/json",
        body.as_bytes(),
    )
    .await;
    assert_eq!(answer.unwrap().status, 200);
    control
        .wait_for(|ledger| ledger.updates(bot).count() == 200, DEADLINE)
        .await
        .unwrap();
    assert!(began.elapsed() >= Duration::from_millis(180));
    let chats: std::collections::BTreeSet<_> = control
        .updates(bot)
        .iter()
        .map(|update| update.chat)
        .collect();
    assert_eq!(chats.len(), 10);
}
