//! What nobody may call through a connected bot, whoever asks.
//!
//! These methods belong to the connection layer alone, would give a token away, or would make the Bot API server read
//! its own disk. docs/TELEGRAM.md: "What setWebhook replaces", "What a token change keeps".

use serde_json::Value;
use telegram_bot_api::Call;

/// Answers why a call is refused; `None` for a call that may be made.
pub(crate) fn refusal(call: &Call) -> Option<&'static str> {
    let method = call.method();
    if let Some((_, why)) = FORBIDDEN
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(method))
    {
        return Some(why);
    }
    // A method's name becomes a segment of the URL that holds the token.
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Some("a method's name has letters and digits only");
    }
    call.params().values().any(names_a_local_file).then_some(
        "a value begins with file:/, which a local Bot API server would read from its own disk",
    )
}

/// Looks into every depth, and into text that is itself JSON: Telegram's server unpacks it.
fn names_a_local_file(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let text = text.trim_start();
            let local = text
                .get(..FILE.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(FILE));
            local
                || (text.starts_with(['[', '{'])
                    && serde_json::from_str::<Value>(text)
                        .is_ok_and(|inner| names_a_local_file(&inner)))
        }
        Value::Array(items) => items.iter().any(names_a_local_file),
        Value::Object(fields) => fields.values().any(names_a_local_file),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// With one slash already, so that no way of writing a path is left.
const FILE: &str = "file:/";

const WEBHOOK: &str = "the connection layer alone sets and removes webhooks";
const LOG_OUT: &str = "it would log the bot out and lose its queued updates";
const TOKENS: &str = "it reads or changes a bot's token";

const FORBIDDEN: &[(&str, &str)] = &[
    ("setWebhook", WEBHOOK),
    ("deleteWebhook", WEBHOOK),
    (
        "getUpdates",
        "updates come by webhook; asking for them would disturb it",
    ),
    (
        "getWebhookInfo",
        "its answer shows the secret address of the webhook",
    ),
    ("logOut", LOG_OUT),
    ("close", LOG_OUT),
    ("getManagedBotToken", TOKENS),
    ("replaceManagedBotToken", TOKENS),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(method: &'static str, params: Value) -> Call {
        let Value::Object(params) = params else {
            panic!("parameters are an object")
        };
        Call::new(method, params)
    }

    #[test]
    fn the_connection_layers_own_methods_are_refused_in_any_case() {
        for method in [
            "setWebhook",
            "SETWEBHOOK",
            "deletewebhook",
            "getUpdates",
            "LogOut",
            "close",
        ] {
            assert!(refusal(&call(method, json!({}))).is_some(), "{method}");
        }
        assert!(refusal(&call("getWebhookInfo", json!({}))).is_some());
        assert!(refusal(&call("getManagedBotToken", json!({}))).is_some());
        assert!(refusal(&call("replaceManagedBotToken", json!({}))).is_some());
        assert_eq!(
            refusal(&call("sendMessage", json!({"chat_id": 1, "text": "close"}))),
            None
        );
    }

    #[test]
    fn a_methods_name_cannot_leave_its_place_in_the_url() {
        for method in [
            "",
            "../file",
            "send/Message",
            "sendMessage?x",
            "getMe%2f",
            "send Message",
        ] {
            assert!(refusal(&call(method, json!({}))).is_some(), "{method:?}");
        }
    }

    #[test]
    fn a_local_file_is_found_at_any_depth() {
        for params in [
            json!({"photo": "file:///etc/passwd"}),
            json!({"photo": " FILE:///etc/passwd"}),
            json!({"photo": "file:/etc/passwd"}),
            json!({"media": [{"type": "photo", "media": "file:///etc/passwd"}]}),
            json!({"media": "[{\"type\":\"photo\",\"media\":\"file:///etc/passwd\"}]"}),
        ] {
            assert!(
                refusal(&call("sendPhoto", params.clone())).is_some(),
                "{params}"
            );
        }
        assert_eq!(
            refusal(&call("sendPhoto", json!({"photo": "https://x/file://"}))),
            None
        );
    }
}
