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
        Value::String(text) => is_local_file(text) || quotes_a_local_file(text),
        Value::Array(items) => items.iter().any(names_a_local_file),
        Value::Object(fields) => fields.values().any(names_a_local_file),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn is_local_file(text: &str) -> bool {
    let text =
        text.trim_start_matches(|letter: char| letter.is_whitespace() || letter.is_control());
    text.get(..FILE.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(FILE))
}

/// Whether text that may be JSON has a quoted value that begins with a file. It is not parsed: another parser may take what
/// ours refuses, and may take the first of two equal keys where ours takes the last.
fn quotes_a_local_file(text: &str) -> bool {
    let begun =
        text.trim_start_matches(|letter: char| letter.is_whitespace() || letter.is_control());
    begun.starts_with(['[', '{']) && unescaped(text).split('"').skip(1).any(is_local_file)
}

/// The text with JSON's escapes of single letters undone, as far as they are any.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let code = after.strip_prefix('u').and_then(|after| after.get(..4));
        match code
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32)
        {
            Some(letter) => {
                plain.push(letter);
                rest = &after[5..];
            }
            None => rest = after,
        }
    }
    plain.push_str(rest);
    plain
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
            json!({"media": r#"[{"media":"file:///etc/passwd","media":"x"}]"#}),
            json!({"media": r#"[{"media":"\u0066ile:\/\/\/etc/passwd"}]"#}),
            json!({"media": r#"[{"media":"file:///etc/passwd","x":1e999}]"#}),
            json!({"media": "[{\"media\":\"file:///etc/passwd\",\"x\":\"\u{1}\"}]"}),
            json!({"media": "\u{0}[{\"media\":\"file:///etc/passwd\"}]"}),
            json!({"media": r#"[{"media":"file:///etc/passwd","x":"\ud800"}]"#}),
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
        let text = json!({"text": "[see file:/x] and \"file:/y\" in it"});
        assert!(
            refusal(&call("sendMessage", text)).is_some(),
            "it could be JSON to another parser"
        );
        let text = json!({"text": "he said \"file:/y\""});
        assert_eq!(refusal(&call("sendMessage", text)), None);
    }
}
