//! What the Bot API answers, and the envelope around it.

use serde_json::{Value, json};

use crate::error::Error;
use crate::ids::ChatId;
use crate::json;

/// A call's outcome.
pub(crate) type Answer = Result<Done, Refusal>;

/// A call that was done.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) result: Value,
    pub(crate) description: Option<&'static str>,
}

/// A call that was refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) text: String,
    pub(crate) retry_after: Option<u32>,
    pub(crate) migrate_to: Option<ChatId>,
}

impl Refusal {
    pub(crate) fn new(code: u16, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
            retry_after: None,
            migrate_to: None,
        }
    }

    /// 400, with the prefix that goes with it.
    pub(crate) fn bad(text: impl std::fmt::Display) -> Self {
        Self::new(400, format!("Bad Request: {text}"))
    }

    pub(crate) fn too_many(seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(429, format!("Too Many Requests: retry after {seconds}"))
        }
    }
}

impl From<Error> for Refusal {
    /// Only reached when a bot vanishes in the middle of a call.
    fn from(_: Error) -> Self {
        Self::new(401, "Unauthorized")
    }
}

impl From<Value> for Done {
    fn from(result: Value) -> Self {
        Self {
            result,
            description: None,
        }
    }
}

/// The result `true`.
pub(crate) fn yes() -> Answer {
    Ok(json!(true).into())
}

/// The status and the body of an answer.
pub(crate) fn envelope(answer: &Answer) -> (u16, String) {
    match answer {
        Ok(done) => {
            let result = json::ascii(&done.result);
            let description = done
                .description
                .map(|text| format!(",\"description\":{}", json!(text)))
                .unwrap_or_default();
            (
                200,
                format!("{{\"ok\":true,\"result\":{result}{description}}}"),
            )
        }
        Err(refusal) => {
            let code = refusal.code;
            let text = json::ascii(&json!(refusal.text));
            let parameters = match (refusal.retry_after, refusal.migrate_to) {
                (Some(seconds), _) => format!(",\"parameters\":{{\"retry_after\":{seconds}}}"),
                (None, Some(chat)) => {
                    format!(",\"parameters\":{{\"migrate_to_chat_id\":{chat}}}")
                }
                (None, None) => String::new(),
            };
            let body = format!(
                "{{\"ok\":false,\"error_code\":{code},\"description\":{text}{parameters}}}"
            );
            (code, body)
        }
    }
}
