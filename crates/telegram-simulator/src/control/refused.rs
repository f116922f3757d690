//! What the control API refuses, and why.

use http::StatusCode;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// Why a request to the control API is refused.
pub(crate) struct Refused(pub(crate) StatusCode, pub(crate) String);

/// What a body holds; an empty one counts as `{}`.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        let text = format!("the body is not what this call takes: {error}");
        Refused(StatusCode::BAD_REQUEST, text)
    })
}

pub(crate) fn number(text: &str, what: &str) -> Result<i64, Refused> {
    text.parse().map_err(|_| {
        let text = format!("{what} must be a number");
        Refused(StatusCode::BAD_REQUEST, text)
    })
}

pub(crate) fn nothing_here() -> Refused {
    Refused(StatusCode::NOT_FOUND, "there is no such thing".into())
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let status = match error {
            Error::NoBot(_) | Error::NoChat(..) | Error::NoButton { .. } => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
}
