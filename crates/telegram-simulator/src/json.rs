//! JSON as Telegram's server writes it: ASCII alone, `update_id` first.

use std::fmt::Write;

use serde_json::Value;

/// The text of a value in which every character outside ASCII is written as `\uXXXX`, in pairs above the basic plane.
pub(crate) fn ascii(value: &Value) -> String {
    escape(&value.to_string())
}

/// The body of a webhook request, which is also an element of what getUpdates answers.
pub(crate) fn update(update_id: i64, kind: &str, content: &Value) -> String {
    format!(
        "{{\"update_id\":{update_id},\n\"{kind}\":{}}}",
        ascii(content)
    )
}

/// The value at a dotted path such as `message.chat.id`.
pub(crate) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            escaped.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing into a String cannot fail.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_ascii_and_begins_with_its_update_id() {
        let body = update(7, "message", &serde_json::json!({"text": "é😀\"x"}));
        assert_eq!(
            body,
            "{\"update_id\":7,\n\"message\":{\"text\":\"\\u00e9\\ud83d\\ude00\\\"x\"}}"
        );
    }
}
