//! Reads what the Bot API server answers.

use std::time::Duration;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::{AnswerFault, BotToken, Error, Throttler};

/// What a 429 means that does not say how long to wait.
/// No flood wait is longer. What claims more comes from a broken server, and must not silence a chat for good.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

const UNSAID_WAIT: Duration = Duration::from_secs(1);
/// The longest description kept, in bytes. Telegram's own are a sentence.
const MAX_DESCRIPTION_BYTES: usize = 1_024;

/// An answer as it came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The header `Retry-After`, in seconds. A front end may answer without a body.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Vec<u8>,
}

/// The Bot API's envelope around every result.
#[derive(Deserialize)]
struct Response<T> {
    ok: bool,
    result: Option<T>,
    error_code: Option<u16>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Default, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

impl Answer {
    /// The result, or why there is none.
    pub(crate) fn read<T: DeserializeOwned>(&self, token: &BotToken) -> Result<T, Error> {
        if !(200..300).contains(&self.status) {
            return Err(self.refusal(serde_json::from_slice(&self.body).ok(), token));
        }
        match serde_json::from_slice::<Response<T>>(&self.body) {
            Ok(Response {
                ok: true,
                result: Some(result),
                ..
            }) => Ok(result),
            // A result that is `null`, or not there.
            Ok(Response { ok: true, .. }) => {
                serde_json::from_str("null").map_err(|_| self.wrong_type(0))
            }
            Ok(Response {
                ok: false,
                error_code,
                description,
                parameters,
                ..
            }) => {
                let envelope = Response {
                    ok: false,
                    result: None,
                    error_code,
                    description,
                    parameters,
                };
                Err(self.refusal(Some(envelope), token))
            }
            Err(error) => Err(self.unreadable(&error)),
        }
    }

    fn refusal(&self, envelope: Option<Response<IgnoredAny>>, token: &BotToken) -> Error {
        let (error_code, description, parameters) = envelope.map_or_else(Default::default, |it| {
            (it.error_code, it.description, it.parameters)
        });
        let description = clean(description.unwrap_or_default(), token);
        let parameters = parameters.unwrap_or_default();
        match error_code.unwrap_or(self.status) {
            200..300 => self.unexpected(AnswerFault::NotTheEnvelope),
            401 => Error::Unauthorized { description },
            404 => Error::NotFound { description },
            429 => Error::Throttled {
                retry_after: parameters
                    .retry_after
                    .or(self.retry_after)
                    .map_or(UNSAID_WAIT, Duration::from_secs)
                    .min(LONGEST_WAIT),
                by: Throttler::Telegram,
            },
            status @ 500.. => Error::ServerFault {
                status,
                description,
            },
            code => Error::Refused {
                code,
                description,
                migrate_to_chat_id: parameters.migrate_to_chat_id,
            },
        }
    }

    /// Tells a result of another type from an answer that is not the Bot API's. The parser's own words are dropped:
    /// they may quote the answer, and an answer may be a token.
    fn unreadable(&self, error: &serde_json::Error) -> Error {
        match serde_json::from_slice::<Response<IgnoredAny>>(&self.body) {
            Ok(_) => self.wrong_type(error.column()),
            Err(_) => self.unexpected(AnswerFault::NotTheEnvelope),
        }
    }

    fn wrong_type(&self, column: usize) -> Error {
        self.unexpected(AnswerFault::WrongType { column })
    }

    fn unexpected(&self, fault: AnswerFault) -> Error {
        let status = self.status;
        Error::UnexpectedAnswer { status, fault }
    }
}

/// A description without the token, should a server quote it, and of bounded length.
fn clean(mut description: String, token: &BotToken) -> String {
    let secret = token
        .expose()
        .split_once(':')
        .map_or("", |(_, secret)| secret);
    if !secret.is_empty() && description.contains(secret) {
        description = description.replace(secret, "(redacted)");
    }
    let ends = (0..=MAX_DESCRIPTION_BYTES.min(description.len())).rev();
    let end = ends
        .into_iter()
        .find(|at| description.is_char_boundary(*at));
    description.truncate(end.unwrap_or(0));
    description
}
