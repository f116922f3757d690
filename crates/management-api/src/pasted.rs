//! The body that brings a token: read, wiped, and refused without a word of what it held.

use bytes::Bytes;
use clock::Clock;
use http::StatusCode;
use http_body::Body;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use telegram_bot_api::{BotToken, InvalidToken};
use zeroize::Zeroizing;

use crate::body;
use crate::error::ApiError;

/// The token of a body `{"token":"…"}`.
pub(crate) async fn token<B>(body: B, clock: &Clock) -> Result<BotToken, ApiError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let body = body::read(body, LIMIT_BYTES, clock).await?;
    // These bytes are wiped when they have been read.
    let body = Zeroizing::new(Vec::from(body));
    // serde would take an array for an object with its fields in order.
    let object = body.trim_ascii_start().starts_with(b"{");
    let pasted: Option<Pasted> = object.then(|| serde_json::from_slice(&body).ok()).flatten();
    let pasted = pasted.ok_or_else(|| {
        invalid("The body is not a JSON object with a token and nothing else.")
            .field("token", "a string, as @BotFather gives it")
    })?;
    let token = pasted.token.expose_secret().parse();
    token.map_err(|fault: InvalidToken| {
        invalid("This is not a bot token.").field("token", fault.reason.to_string())
    })
}

fn invalid(message: &str) -> ApiError {
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "VALIDATION_FAILED",
        message,
        "Send {\"token\":\"…\"} with the token that @BotFather shows for the bot.",
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pasted {
    token: SecretString,
}

const LIMIT_BYTES: usize = 16 * 1_024;
