//! What a request's head must say.

use connection_directory::LiveConnection;
use http::request::Parts;
use http::{HeaderName, Method, Uri, header};
use ids::ConnectionId;
use request_log::Outcome;
use webhook_secret::{Registration, WebhookSecrets};

use crate::verdict::Verdict;

/// The header by which Telegram proves itself (Bot API, `setWebhook`, parameter `secret_token`).
pub const SECRET_HEADER: HeaderName = HeaderName::from_static("x-telegram-bot-api-secret-token");

/// The registration that a request's path stands for: method and path alone decide, nothing is looked up.
pub(crate) fn registration(
    secrets: &WebhookSecrets,
    head: &Parts,
) -> Result<(ConnectionId, Registration), Verdict> {
    if head.method != Method::POST {
        return Err(Verdict::new(Outcome::RejectedBadMethod));
    }
    plain_path(&head.uri)
        .and_then(|path| secrets.verify_path(path))
        .ok_or(Verdict::new(Outcome::RejectedUnknownPath))
}

/// The path of a target that is a path and nothing else. Telegram writes no other, and one spelling is enough.
fn plain_path(uri: &Uri) -> Option<&str> {
    let plain = uri.scheme().is_none() && uri.authority().is_none() && uri.query().is_none();
    plain.then(|| uri.path())
}

/// Whether the request carries the secret token of its registration: once, and compared in constant time.
pub(crate) fn prove(
    secrets: &WebhookSecrets,
    head: &Parts,
    live: &LiveConnection,
    registration: Registration,
) -> Result<(), Verdict> {
    let mut values = head.headers.get_all(SECRET_HEADER).iter();
    let fault = match (values.next(), values.next()) {
        (Some(only), None) => {
            let (project, bot) = (&live.project, live.telegram_bot_id);
            if secrets.verify_token(project, bot, registration, only.as_bytes()) {
                return Ok(());
            }
            "wrong"
        }
        (Some(_), Some(_)) => "there twice",
        (None, _) => "missing",
    };
    tracing::debug!(connection = %live.connection, fault, "webhook secret does not match");
    Err(Verdict::new(Outcome::RejectedWrongSecret))
}

/// Refuses a head that says twice what its body is. (One that says twice how long it is does not come this far.)
pub(crate) fn unambiguous(head: &Parts) -> Result<(), Verdict> {
    match head.headers.get_all(header::CONTENT_TYPE).iter().nth(1) {
        None => Ok(()),
        Some(_) => Err(Verdict::new(Outcome::RejectedMalformed)),
    }
}
