//! setWebhook, deleteWebhook, getWebhookInfo.

use std::time::Duration;

use serde_json::{Value, json};
use telegram_simulator::{Resolution, UserId};

use crate::harness::{CHAT, Telegram, URL};

const NOT_A_URL: &str = "invalid webhook URL specified";
const LATER: Duration = Duration::from_secs(1);

async fn refused(telegram: &Telegram, parameters: Value) -> String {
    telegram.hands.advance(LATER);
    let answer = telegram.call("setWebhook", parameters).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    answer.description().replace("Bad Request: ", "")
}

fn names(telegram: &Telegram) {
    telegram.knows("bots.example.com", "127.0.0.1:9".parse().unwrap());
    for (host, address) in [
        ("six.example.com", "2001:db8::1"),
        ("private.example.com", "10.1.2.3"),
    ] {
        let resolution = Resolution {
            address: address.parse().unwrap(),
            deliver_to: None,
            tls: false,
        };
        telegram.control.resolve(host, resolution).unwrap();
    }
}

#[tokio::test]
async fn every_refusal_has_its_text() {
    let telegram = Telegram::start().await;
    names(&telegram);
    let long = "s".repeat(257);
    for (parameters, text) in [
        (json!({"url": "ftp://bots.example.com"}), NOT_A_URL),
        (json!({"url": "https://bots.example.com:0/"}), NOT_A_URL),
        (json!({"url": "https://bots.example.com:70000/"}), NOT_A_URL),
        (json!({"url": "https://"}), NOT_A_URL),
        (json!({"url": "https://."}), NOT_A_URL),
        (json!({"url": "https://bots example.com"}), NOT_A_URL),
        (json!({"url": "https://[::x]/"}), NOT_A_URL),
        (
            json!({"url": URL, "secret_token": long}),
            "secret token is too long",
        ),
        (
            json!({"url": URL, "secret_token": "no spaces"}),
            "secret token contains unallowed characters",
        ),
        (
            json!({"url": "http://bots.example.com/"}),
            "bad webhook: An HTTPS URL must be provided for webhook",
        ),
        (
            json!({"url": "https://bots.example.com:8080/"}),
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ),
        (
            json!({"url": "https://unknown.example.com/"}),
            "bad webhook: Failed to resolve host: Name or service not known",
        ),
        (
            json!({"url": "https://six.example.com/"}),
            "bad webhook: IPv6-only addresses are not allowed",
        ),
        (
            json!({"url": "https://private.example.com/"}),
            "bad webhook: IP address 10.1.2.3 is reserved",
        ),
        (
            json!({"url": "https://192.168.1.1/"}),
            "bad webhook: IP address 192.168.1.1 is reserved",
        ),
        (
            json!({"url": URL, "ip_address": "127.0.0.1"}),
            "bad webhook: IP address 127.0.0.1 is reserved",
        ),
        (
            json!({"url": URL, "ip_address": "nonsense"}),
            "bad webhook: Invalid IP address specified",
        ),
        (
            json!({"url": "https://bücher.example/"}),
            "bad webhook: Host can't be converted to ASCII",
        ),
    ] {
        assert_eq!(
            refused(&telegram, parameters.clone()).await,
            text,
            "{parameters}"
        );
        assert_eq!(telegram.info()["url"], "");
    }
}

#[tokio::test]
async fn certificates_count_only_as_uploads() {
    let telegram = Telegram::start().await;
    names(&telegram);
    let text = json!({"url": URL, "certificate": "-----BEGIN CERTIFICATE-----"});
    assert_eq!(telegram.call("setWebhook", text).await.status, 200);
    assert_eq!(telegram.info()["has_custom_certificate"], false);
    let upload = async |content: &str| {
        telegram.hands.advance(LATER);
        let body = format!(
            "--B\r\nContent-Disposition: form-data; name=\"url\"\r\n\r\n{URL}\r\n\
             --B\r\nContent-Disposition: form-data; name=\"certificate\"\r\n\r\nattach://pem\r\n\
             --B\r\nContent-Disposition: form-data; name=\"pem\"; filename=\"a.pem\"\r\n\r\n{content}\r\n--B--\r\n"
        );
        let path = format!("/bot{}/setWebhook", telegram.token.expose());
        telegram
            .post(&path, "multipart/form-data; boundary=B", body.as_bytes())
            .await
    };
    let good = upload("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----").await;
    assert_eq!(good.description(), "Webhook was set");
    assert_eq!(telegram.info()["has_custom_certificate"], true);
    let bad = upload("junk").await;
    assert!(
        bad.description()
            .starts_with("Bad Request: bad webhook: Failed to set custom certificate file{")
    );
    let size = (3 << 20) + 1;
    let big = upload(&"x".repeat(size)).await;
    let text = format!("Bad Request: certificate size is too big ({size} bytes)");
    assert_eq!(big.description(), text);
}

#[tokio::test]
async fn a_refusal_erases_what_was_set() {
    let telegram = Telegram::start().await;
    names(&telegram);
    telegram.call("setWebhook", json!({"url": URL})).await;
    telegram.says("one");
    assert_eq!(telegram.info()["url"], URL);
    let parameters = json!({"url": "http://bots.example.com", "drop_pending_updates": true});
    refused(&telegram, parameters).await;
    assert_eq!(telegram.info()["url"], "");
    assert_eq!(
        telegram.info()["pending_update_count"],
        0,
        "dropped before the URL is looked at"
    );
}

#[tokio::test]
async fn setting_is_limited_to_once_a_second_and_says_what_it_did() {
    let telegram = Telegram::start().await;
    names(&telegram);
    let set = || telegram.call("setWebhook", json!({"url": URL}));
    assert_eq!(set().await.description(), "Webhook was set");
    let again = set().await;
    assert_eq!(again.status, 429);
    assert_eq!(again.description(), "Too Many Requests: retry after 1");
    telegram.hands.advance(LATER);
    assert_eq!(set().await.description(), "Webhook is already set");
    for text in ["Webhook was deleted", "Webhook is already deleted"] {
        let answer = telegram.call("deleteWebhook", json!({})).await;
        assert_eq!((answer.status, answer.description()), (200, text));
    }
    let empty = telegram.call("setWebhook", json!({"url": ""})).await;
    assert_eq!(empty.description(), "Webhook is already deleted");
}

#[tokio::test]
async fn everything_left_out_falls_back_but_allowed_updates() {
    let telegram = Telegram::start().await;
    names(&telegram);
    let all = json!({
        "url": URL,
        "max_connections": 5_000,
        "secret_token": "secret",
        "ip_address": "149.154.160.9",
        "allowed_updates": ["message", "Chat_Member", "nonsense"],
    });
    telegram.call("setWebhook", all).await;
    let info = telegram.info();
    assert_eq!(info["max_connections"], 100);
    assert_eq!(info["ip_address"], "149.154.160.9");
    assert_eq!(info["allowed_updates"], json!(["message", "chat_member"]));
    telegram.hands.advance(LATER);
    telegram.call("setWebhook", json!({"url": URL})).await;
    let info = telegram.info();
    assert_eq!(info["max_connections"], 40);
    assert_eq!(info["ip_address"], "149.154.160.1");
    assert_eq!(info["allowed_updates"], json!(["message", "chat_member"]));
    telegram.hands.advance(LATER);
    let default = json!({"url": URL, "allowed_updates": []});
    let answer = telegram.call("setWebhook", default).await;
    assert_eq!(answer.description(), "Webhook is already set");
    assert!(telegram.info().get("allowed_updates").is_none());
}

#[tokio::test]
async fn info_shows_a_field_only_when_there_is_something_to_show() {
    let telegram = Telegram::start().await;
    let keys = |info: Value| -> Vec<String> { info.as_object().unwrap().keys().cloned().collect() };
    let always = ["has_custom_certificate", "pending_update_count", "url"];
    let info = telegram.call("getWebhookInfo", json!({})).await;
    assert_eq!(keys(info.result().clone()), always);
    names(&telegram);
    telegram.call("setWebhook", json!({"url": URL})).await;
    let set = [
        "has_custom_certificate",
        "ip_address",
        "max_connections",
        "pending_update_count",
        "url",
    ];
    let before: Vec<String> = keys(telegram.info())
        .into_iter()
        .filter(|key| !key.starts_with("last_error"))
        .collect();
    assert_eq!(before, set);
    telegram.says("nobody listens");
    // The connection that was tried at once was refused; the next is allowed after two seconds.
    telegram.hands.sleepers(1).await;
    telegram.hands.advance(Duration::from_secs(2));
    telegram.ended(1).await;
    let info = telegram.info();
    assert_eq!(info["last_error_message"], "Connection refused");
    assert_eq!(info["last_error_date"], 1_767_225_602);
    assert_eq!(info["pending_update_count"], 1);
    telegram.hands.advance(LATER);
    telegram.call("setWebhook", json!({"url": URL})).await;
    assert!(
        telegram.info().get("last_error_date").is_some(),
        "already set: not cleared"
    );
    telegram.call("deleteWebhook", json!({})).await;
    assert!(telegram.info().get("last_error_date").is_none());
    telegram
        .control
        .synchronization_error(telegram.bot, 7)
        .unwrap();
    assert_eq!(telegram.info()["last_synchronization_error_date"], 7);
}

#[tokio::test]
async fn the_filter_works_when_an_update_is_made() {
    let telegram = Telegram::start().await;
    let first = telegram.says("one");
    telegram
        .call("getUpdates", json!({"allowed_updates": ["callback_query"]}))
        .await;
    let nothing = telegram
        .control
        .user_sends(telegram.bot, CHAT, "two")
        .unwrap();
    assert_eq!(nothing, None);
    let content = json!({"id": "77", "from": {"id": UserId(5)}, "data": "x"});
    let second = telegram
        .control
        .update(telegram.bot, "callback_query", &content);
    assert_eq!(
        second.unwrap(),
        Some(first + 1),
        "what is filtered uses no number"
    );
    assert_eq!(telegram.info()["pending_update_count"], 2);
    let tomorrow = json!({"chat": {"id": 5}, "what": "nobody knows"});
    let third = telegram
        .control
        .update(telegram.bot, "invented_tomorrow", &tomorrow);
    assert_eq!(third.unwrap(), Some(first + 2));
}
