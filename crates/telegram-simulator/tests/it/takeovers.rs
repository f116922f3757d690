//! Others who hold the token.

use std::time::Duration;

use serde_json::{Value, json};
use telegram_simulator::{Serverless, Via};

use crate::harness::{CHAT, DEADLINE, Telegram, URL};

const LATER: Duration = Duration::from_secs(1);

fn polls(telegram: &Telegram) -> Vec<u16> {
    let calls = telegram.control.calls(telegram.bot);
    calls
        .iter()
        .filter(|call| call.method == "getUpdates" && call.via == Via::Rival)
        .map(|call| call.status)
        .collect()
}

#[tokio::test]
async fn a_platform_takes_the_webhook_and_asks_for_other_kinds() {
    let set = json!({"secret_token": "ours", "allowed_updates": ["message", "chat_member"]});
    let (telegram, mut receiver) = Telegram::with_webhook(set).await;
    telegram.hands.advance(LATER);
    let it = Serverless::default();
    let taken = telegram.control.rival_goes_serverless(telegram.bot, &it);
    taken.unwrap();
    let info = telegram.info();
    assert_eq!(info["url"], it.url(telegram.bot));
    assert_eq!(
        info["allowed_updates"],
        json!(["message", "callback_query"])
    );
    telegram.says("who gets this?");
    telegram.acknowledged(1).await;
    receiver.nothing().await;
}

#[tokio::test]
async fn somebody_elses_secret_arrives_with_our_url() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({"secret_token": "ours"})).await;
    telegram.hands.advance(LATER);
    let changed = telegram
        .control
        .rival_changes_secret(telegram.bot, "theirs");
    changed.unwrap();
    assert_eq!(telegram.info()["url"], URL, "nothing else shows it");
    telegram.hands.advance(2 * LATER);
    telegram.says("x");
    let request = receiver.next().await;
    assert!(
        request
            .head
            .contains("X-Telegram-Bot-Api-Secret-Token: theirs")
    );
    request.answer("200 OK");
    telegram.acknowledged(1).await;
    telegram.control.rival_drops_secret(telegram.bot).unwrap();
    telegram.hands.advance(2 * LATER);
    telegram.says("y");
    assert!(!receiver.next().await.head.contains("Secret-Token"));
}

#[tokio::test]
async fn a_polling_library_takes_everything_until_a_webhook_is_set_and_goes_on_in_vain() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    telegram.control.rival_polls(telegram.bot).unwrap();
    assert_eq!(telegram.info()["url"], "", "it begins with deleteWebhook");
    telegram.says("one");
    telegram.says("two");
    telegram.acknowledged(2).await;
    receiver.nothing().await;

    telegram.hands.advance(LATER);
    let set = telegram.call("setWebhook", json!({"url": URL})).await;
    assert_eq!(set.status, 200);
    let bot = telegram.bot;
    let conflicted =
        |ledger: &telegram_simulator::Ledger| ledger.calls(bot).any(|call| call.status == 409);
    telegram
        .control
        .wait_for(conflicted, DEADLINE)
        .await
        .unwrap();
    telegram.says("three");
    let request = receiver.next().await;
    request.answer("200 OK");
    telegram.acknowledged(3).await;
    assert_eq!(telegram.info()["url"], URL, "polling alone takes nothing");

    telegram.control.rival_stops(telegram.bot);
    telegram.call("deleteWebhook", json!({})).await;
    let before = polls(&telegram).len();
    telegram.hands.advance(60 * LATER);
    telegram.says("four");
    tokio::task::yield_now().await;
    assert_eq!(polls(&telegram).len(), before, "it has ended");
    assert_eq!(telegram.info()["pending_update_count"], 1);
}

#[tokio::test]
async fn a_revoke_ends_a_polling_library() {
    let telegram = Telegram::start().await;
    telegram.control.rival_polls(telegram.bot).unwrap();
    telegram.hands.sleepers(1).await;
    telegram.control.revoke(telegram.bot).unwrap();
    let bot = telegram.bot;
    let refused =
        |ledger: &telegram_simulator::Ledger| ledger.calls(bot).any(|call| call.status == 401);
    telegram.control.wait_for(refused, DEADLINE).await.unwrap();
    telegram.says("kept");
    telegram.hands.advance(60 * LATER);
    assert_eq!(polls(&telegram), [401]);
    assert_eq!(telegram.info()["pending_update_count"], 1);
}

#[tokio::test]
async fn rivals_over_http() {
    let (telegram, _receiver) = Telegram::with_webhook(json!({"secret_token": "ours"})).await;
    let rival = async |action: Value| {
        telegram.hands.advance(LATER);
        let mut body = action;
        body["bot"] = json!(telegram.bot);
        let answer = telegram
            .post(
                "/control/rival",
                "application/json",
                body.to_string().as_bytes(),
            )
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    rival(json!({"action": "change_secret"})).await;
    rival(json!({"action": "drop_secret"})).await;
    let calls = telegram.control.calls(telegram.bot);
    let secrets: Vec<_> = calls
        .iter()
        .filter(|call| call.via == Via::Rival)
        .map(|call| call.parameters.get("secret_token").map(String::as_str))
        .collect();
    assert_eq!(secrets, [Some("somebody-elses"), None]);
    rival(json!({"action": "serverless", "host": "there.example", "allowed_updates": ["poll"]}))
        .await;
    let url = telegram.info()["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("https://there.example/"), "{url}");
    rival(json!({"action": "serverless"})).await;
    assert!(telegram.info()["url"].as_str().unwrap().contains("tgcloud"));
    rival(json!({"action": "poll"})).await;
    assert_eq!(telegram.info()["url"], "");
    telegram
        .control
        .user_sends(telegram.bot, CHAT, "x")
        .unwrap();
    telegram.acknowledged(1).await;
    rival(json!({"action": "stop_polling"})).await;
}
