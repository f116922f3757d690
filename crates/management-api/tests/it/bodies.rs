//! What is pasted instead of a token.

use serde_json::json;

use crate::support::{bot, on_both};

const SECRET: &str = "AAF-secret_that_must_not_be_echoed0";

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_none_is_refused_without_an_echo() {
    on_both(async |place| {
        let token = format!("123456789:{SECRET}");
        let doubled = format!(r#"{{"token":"{token}","token":"{token}"}}"#);
        for body in [
            String::new(),
            "null".to_owned(),
            "{}".to_owned(),
            token.clone(),
            format!("token={token}"),
            json!([token]).to_string(),
            json!({ "token": null }).to_string(),
            json!({ "token": 123_456_789 }).to_string(),
            json!({ "token": [token] }).to_string(),
            json!({ "Token": token }).to_string(),
            json!({ "token": token, "drop_pending_updates": true }).to_string(),
            doubled,
            format!("{}x", json!({ "token": token })),
        ] {
            let answer = place.send("PUT", &bot("1"), &body).await;
            assert_eq!(answer.fault(), (422, "VALIDATION_FAILED"), "{body}");
            assert_eq!(answer.body["error"]["fields"][0]["field"], "token");
        }
        assert!(!place.said().contains(SECRET));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_with_a_fault_is_told_the_fault_and_not_repeated() {
    on_both(async |place| {
        for (token, fault) in [
            (String::new(), "empty"),
            (format!("bot{SECRET}"), "no colon"),
            (format!("0123:{SECRET}"), "begins with 0"),
            (format!("abc:{SECRET}"), "not a plain number"),
            (
                format!("https://api.telegram.org/bot123:{SECRET}/getMe"),
                "slash",
            ),
            ("123456789:AAF-secret".to_owned(), "too short"),
            (format!("123456789:{SECRET}%"), "characters other than"),
            (format!("123456789:{SECRET}{SECRET}{SECRET}"), "longer than"),
        ] {
            let answer = place
                .send("PUT", &bot("1"), &json!({"token": token}).to_string())
                .await;
            assert_eq!(answer.fault(), (422, "VALIDATION_FAILED"), "{token}");
            let field = &answer.body["error"]["fields"][0];
            assert!(
                field["message"].as_str().unwrap().contains(fault),
                "{token}: {field}"
            );
        }
        assert!(!place.said().contains("AAF-secret"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_last_character_is_pointed_out_when_telegram_refuses() {
    on_both(async |place| {
        let token = format!("123456789:{}", "B".repeat(35));
        let answer = place
            .send("PUT", &bot("1"), &json!({"token": token}).to_string())
            .await;
        assert_eq!(answer.fault(), (422, "BOT_TOKEN_NOT_VALID"));
        let fields = answer.body["error"]["fields"].as_array().unwrap();
        assert_eq!(fields.len(), 1);
        assert!(
            fields[0]["message"]
                .as_str()
                .unwrap()
                .contains("last character"),
            "{fields:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_not_read() {
    on_both(async |place| {
        let body = json!({"token": "1".repeat(16 * 1_024)}).to_string();
        let answer = place.send("PUT", &bot("1"), &body).await;
        assert_eq!(answer.fault(), (413, "PAYLOAD_TOO_LARGE"));
    })
    .await;
}
