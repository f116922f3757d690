//! How a failure to connect a bot is told: status, code, sentence and what mends it, in one table.

use bot_connection::Error;
use http::StatusCode;
use ids::RequestId;

use crate::error::{ApiError, chain};

pub(crate) fn explain(error: &Error, request: &RequestId) -> ApiError {
    let Some((status, code, remediation)) = told(error) else {
        return ApiError::internal(error, request);
    };
    let answer = ApiError::new(status, code, sentence(error), remediation);
    match error {
        Error::Busy => answer.retry_after(2),
        Error::TelegramUnavailable(_) => {
            tracing::warn!(error = %chain(error), %request, "Telegram could not be asked");
            answer.retry_after(30)
        }
        Error::TokenNotValid => answer.field("token", "Telegram does not accept it"),
        _ => answer,
    }
}

/// What is for callers to know; anything else is our own affair.
fn told(error: &Error) -> Option<(StatusCode, &'static str, &'static str)> {
    Some(match error {
        Error::Busy => (
            StatusCode::CONFLICT,
            "OPERATION_IN_PROGRESS",
            "Wait a few seconds, look at the bot's status, and try again.",
        ),
        Error::ConnectedElsewhere => (
            StatusCode::CONFLICT,
            "BOT_CONNECTED_ELSEWHERE",
            "Disconnect the bot from the other project first, or make a new bot with @BotFather.",
        ),
        Error::NoPublicUrl => (
            StatusCode::CONFLICT,
            "PUBLIC_URL_MISSING",
            "Start the server with --public-url https://your.name (or MEMBERPASS_PUBLIC_URL).",
        ),
        Error::NotFound(_) => (
            StatusCode::NOT_FOUND,
            "RESOURCE_NOT_FOUND",
            "Connect a bot first: PUT its token to /v1/projects/{project}/bot.",
        ),
        Error::PublicNameUnusable { .. } => (
            StatusCode::CONFLICT,
            "PUBLIC_URL_UNUSABLE",
            "Let the name of --public-url lead to a public IPv4 address.",
        ),
        Error::TelegramRefuses { .. } => (
            StatusCode::BAD_GATEWAY,
            "TELEGRAM_REFUSED",
            "If it says that the bot is logged out, somebody moved it to another Bot API server: take it back there first.",
        ),
        Error::TelegramUnavailable(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "TELEGRAM_UNAVAILABLE",
            "Nothing is wrong with the token as far as is known; look at the bot's status, or try again in a minute.",
        ),
        Error::TokenNotValid => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "BOT_TOKEN_NOT_VALID",
            "Open @BotFather, choose the bot, copy its token and paste it again. Telegram may take a while to accept one that was just made.",
        ),
        Error::WebhookRefused { .. } => (
            StatusCode::BAD_GATEWAY,
            "WEBHOOK_REFUSED",
            "Mend what Telegram names, most often --public-url, and connect the bot again.",
        ),
        Error::WebhookTakenOver { .. } => (
            StatusCode::CONFLICT,
            "WEBHOOK_TAKEN_OVER",
            "Turn the other service off for this bot, then reconnect it here.",
        ),
        _ => return None,
    })
}

fn sentence(error: &Error) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    let end = if text.ends_with('.') { "" } else { "." };
    first
        .into_iter()
        .flatten()
        .chain(letters)
        .chain(end.chars())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_failure_that_callers_can_mend_has_a_code_and_says_how() {
        let host = || "bots.example.com".to_owned();
        let description = || "Bad Request: it says".to_owned();
        let unavailable = telegram_bot_api::Error::TimedOut { ambiguous: false };
        let table = [
            (Error::Busy, 409, "OPERATION_IN_PROGRESS"),
            (Error::ConnectedElsewhere, 409, "BOT_CONNECTED_ELSEWHERE"),
            (Error::NoPublicUrl, 409, "PUBLIC_URL_MISSING"),
            (
                Error::NotFound("prj_1".parse().unwrap()),
                404,
                "RESOURCE_NOT_FOUND",
            ),
            (
                Error::PublicNameUnusable { host: host() },
                409,
                "PUBLIC_URL_UNUSABLE",
            ),
            (
                Error::TelegramRefuses {
                    why: bot_connection::BotRefusal::Other,
                    description: description(),
                },
                502,
                "TELEGRAM_REFUSED",
            ),
            (
                Error::TelegramUnavailable(unavailable),
                503,
                "TELEGRAM_UNAVAILABLE",
            ),
            (Error::TokenNotValid, 422, "BOT_TOKEN_NOT_VALID"),
            (
                Error::WebhookRefused {
                    why: bot_connection::WebhookRefusal::Other,
                    description: description(),
                },
                502,
                "WEBHOOK_REFUSED",
            ),
            (
                Error::WebhookTakenOver { host: Some(host()) },
                409,
                "WEBHOOK_TAKEN_OVER",
            ),
            (Error::Sealed, 500, "INTERNAL_ERROR"),
            (
                Error::Directory(connection_directory::Error::Interrupted),
                500,
                "INTERNAL_ERROR",
            ),
        ];
        let mut codes = BTreeSet::new();
        for (error, status, code) in table {
            let answer = explain(&error, &RequestId::from_parts(1, [0; 10]));
            assert_eq!(
                (answer.status.as_u16(), answer.code),
                (status, code),
                "{error}"
            );
            let text = &answer.message;
            assert!(
                text.starts_with(char::is_uppercase) && text.ends_with('.'),
                "{text}"
            );
            assert!(answer.remediation.ends_with('.') || answer.remediation.ends_with(')'));
            codes.insert(code);
        }
        assert_eq!(
            codes.len(),
            11,
            "each kind of failure has a code of its own"
        );
    }
}
