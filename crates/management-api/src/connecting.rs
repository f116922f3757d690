//! How a failure to connect a bot is told: status, code, sentence and what mends it, in one table.

use bot_connection::Error;
use http::StatusCode;
use ids::RequestId;

use crate::error::ApiError;

pub(crate) fn explain(error: &Error, request: &RequestId) -> ApiError {
    let told = |status, code, remediation| {
        ApiError::new(status, code, format!("{}.", sentence(error)), remediation)
    };
    match error {
        Error::Busy => told(
            StatusCode::CONFLICT,
            "OPERATION_IN_PROGRESS",
            "Wait a few seconds, look at the bot's status, and try again.",
        )
        .retry_after(2),
        Error::ConnectedElsewhere => told(
            StatusCode::CONFLICT,
            "BOT_CONNECTED_ELSEWHERE",
            "Disconnect the bot from the other project first, or make a new bot with @BotFather.",
        ),
        Error::NoPublicUrl => told(
            StatusCode::CONFLICT,
            "PUBLIC_URL_MISSING",
            "Start the server with --public-url https://your.name (or MEMBERPASS_PUBLIC_URL).",
        ),
        Error::NotFound(_) => ApiError::not_found(),
        Error::PublicNameUnusable { .. } => told(
            StatusCode::CONFLICT,
            "PUBLIC_URL_UNUSABLE",
            "Let the name of --public-url lead to a public IPv4 address.",
        ),
        Error::TelegramUnavailable(_) => told(
            StatusCode::SERVICE_UNAVAILABLE,
            "TELEGRAM_UNAVAILABLE",
            "Nothing is wrong with the token as far as is known; try again in a minute.",
        )
        .retry_after(30),
        Error::TokenNotValid => told(
            StatusCode::UNPROCESSABLE_ENTITY,
            "BOT_TOKEN_NOT_VALID",
            "Open @BotFather, choose the bot, copy its token and paste it again.",
        )
        .field("token", "Telegram does not accept it"),
        Error::WebhookRefused { .. } => told(
            StatusCode::BAD_GATEWAY,
            "WEBHOOK_REFUSED",
            "Mend what Telegram names, most often --public-url, and connect the bot again.",
        ),
        Error::WebhookTakenOver { .. } => told(
            StatusCode::CONFLICT,
            "WEBHOOK_TAKEN_OVER",
            "Turn the other service off for this bot, then reconnect it here.",
        ),
        _ => ApiError::internal(error, request),
    }
}

fn sentence(error: &Error) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
