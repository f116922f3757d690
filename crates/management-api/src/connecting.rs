//! How a failure to connect a bot is told: status, code, sentence and what mends it, in one table.

use bot_connection::{BotRefusal, Error, WebhookRefusal};
use http::StatusCode;
use ids::{ProjectId, RequestId};

use crate::error::{ApiError, chain, sentence};

pub(crate) fn explain(error: &Error, request: &RequestId) -> ApiError {
    let Some((status, code, remediation)) = told(error) else {
        return ApiError::internal(error, request);
    };
    let answer = ApiError::new(status, code, sentence(error), remediation);
    let wait = error.retry_after().map(|wait| wait.as_secs() + 1);
    match error {
        Error::Busy => answer.retry_after(2),
        Error::Inbox(_) => answer.retry_after(5),
        Error::TelegramUnavailable(_) => {
            tracing::warn!(error = %chain(error), %request, "Telegram could not be asked");
            answer.retry_after(wait.unwrap_or(30))
        }
        Error::TokenNotValid => answer.field("token", "Telegram does not accept it"),
        _ => match wait {
            Some(wait) => answer.retry_after(wait),
            None => answer,
        },
    }
}

/// The project never had a bot.
pub(crate) fn no_bot(project: &ProjectId) -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "RESOURCE_NOT_FOUND",
        format!("Project {project} has no bot."),
        "Connect a bot first: PUT its token to /v1/projects/{project}/bot.",
    )
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
        Error::Inbox(update_inbox::Error::Unavailable | update_inbox::Error::Closed) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "INBOX_UNAVAILABLE",
            "Try again in a few seconds; the cause is in the server's log.",
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
        Error::TelegramRefuses { why, .. } => (of_bot(*why), why.code(), why.fix()),
        Error::TelegramUnavailable(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "TELEGRAM_UNAVAILABLE",
            "Nothing is wrong with the token as far as is known; look at the bot's status, or try again in a minute.",
        ),
        Error::TokenNotAcceptedYet => (
            StatusCode::CONFLICT,
            "BOT_TOKEN_NOT_ACCEPTED_YET",
            "Wait; look at the bot's status from time to time, or paste the token again if it was mistyped.",
        ),
        Error::TokenNotValid => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "BOT_TOKEN_NOT_VALID",
            "Open @BotFather, choose the bot, copy its token and paste it again. Telegram may take a while to accept one that was just made.",
        ),
        Error::TooManyNewBots { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            "TOO_MANY_NEW_BOTS",
            "Try again after the time in Retry-After; for many bots at once there is POST /v1/bots/import.",
        ),
        Error::WebhookRefused { why, .. } => (of_webhook(*why), why.code(), why.fix()),
        Error::WebhookTakenOver { .. } => (
            StatusCode::CONFLICT,
            "WEBHOOK_TAKEN_OVER",
            "Turn the other service off for this bot, then reconnect it here.",
        ),
        _ => return None,
    })
}

/// What the bot's owner has done or can mend is a conflict; the rest lies between us and Telegram.
const fn of_bot(why: BotRefusal) -> StatusCode {
    match why {
        BotRefusal::Frozen | BotRefusal::LoggedOut => StatusCode::CONFLICT,
        _ => StatusCode::BAD_GATEWAY,
    }
}

/// What the server's public address is at fault for is a conflict, as an address that was refused before Telegram saw it.
const fn of_webhook(why: WebhookRefusal) -> StatusCode {
    use WebhookRefusal as Why;
    match why {
        Why::AddressReserved
        | Why::NameNotResolved
        | Why::NameNotValid
        | Why::NoIpv4Address
        | Why::NotHttps
        | Why::PortNotAllowed
        | Why::UrlNotValid => StatusCode::CONFLICT,
        Why::AddressNotValid | Why::CertificateNotValid | Why::SecretTokenNotValid => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        _ => StatusCode::BAD_GATEWAY,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;

    fn explained(error: &Error) -> ApiError {
        let answer = explain(error, &RequestId::from_parts(1, [0; 10]));
        let text = &answer.message;
        assert!(
            text.starts_with(char::is_uppercase) && text.ends_with('.'),
            "{text}"
        );
        assert!(answer.remediation.ends_with('.') || answer.remediation.ends_with(')'));
        answer
    }

    #[test]
    fn every_failure_that_callers_can_mend_has_a_code_and_says_how() {
        let host = || "bots.example.com".to_owned();
        let unavailable = telegram_bot_api::Error::TimedOut { ambiguous: false };
        let project = || "prj_1".parse().unwrap();
        let retry_after = Duration::from_millis(59_500);
        let table = [
            (Error::Busy, 409, "OPERATION_IN_PROGRESS"),
            (Error::ConnectedElsewhere, 409, "BOT_CONNECTED_ELSEWHERE"),
            (Error::NoPublicUrl, 409, "PUBLIC_URL_MISSING"),
            (Error::NotFound(project()), 404, "RESOURCE_NOT_FOUND"),
            (
                Error::PublicNameUnusable { host: host() },
                409,
                "PUBLIC_URL_UNUSABLE",
            ),
            (
                Error::TelegramUnavailable(unavailable),
                503,
                "TELEGRAM_UNAVAILABLE",
            ),
            (
                Error::TokenNotAcceptedYet,
                409,
                "BOT_TOKEN_NOT_ACCEPTED_YET",
            ),
            (Error::TokenNotValid, 422, "BOT_TOKEN_NOT_VALID"),
            (
                Error::TooManyNewBots { retry_after },
                429,
                "TOO_MANY_NEW_BOTS",
            ),
            (
                Error::WebhookTakenOver { host: Some(host()) },
                409,
                "WEBHOOK_TAKEN_OVER",
            ),
            (
                Error::Inbox(update_inbox::Error::Closed),
                503,
                "INBOX_UNAVAILABLE",
            ),
            (Error::Sealed, 500, "INTERNAL_ERROR"),
            (
                Error::Directory(connection_directory::Error::Interrupted),
                500,
                "INTERNAL_ERROR",
            ),
        ];
        let mut codes = BTreeSet::new();
        for (error, status, code) in &table {
            let answer = explained(error);
            assert_eq!(
                (answer.status.as_u16(), answer.code),
                (*status, *code),
                "{error}"
            );
            codes.insert(code);
        }
        assert_eq!(codes.len(), table.len() - 1, "one code each");
        assert_eq!(
            explained(&Error::TooManyNewBots { retry_after }).headers[0].1,
            "60"
        );
        assert_eq!(
            explained(&Error::NotFound(project())).message,
            no_bot(&project()).message
        );
    }

    #[test]
    fn every_refusal_of_telegrams_is_told_by_its_own_code_sentence_and_fix() {
        let description = || "Bad Request: it says".to_owned();
        let mut codes = BTreeSet::new();
        for why in BotRefusal::ALL {
            let description = description();
            let answer = explained(&Error::TelegramRefuses { why, description });
            assert!([409, 502].contains(&answer.status.as_u16()));
            assert!(
                answer.message.starts_with(why.sentence()) && answer.message.contains("it says")
            );
            assert_eq!((answer.code, answer.remediation), (why.code(), why.fix()));
            codes.insert(answer.code);
        }
        for why in WebhookRefusal::ALL {
            let description = description();
            let answer = explained(&Error::WebhookRefused { why, description });
            assert!([409, 500, 502].contains(&answer.status.as_u16()));
            assert_eq!((answer.code, answer.remediation), (why.code(), why.fix()));
            codes.insert(answer.code);
        }
        assert_eq!(
            codes.len(),
            BotRefusal::ALL.len() + WebhookRefusal::ALL.len()
        );
    }

    #[test]
    fn a_wait_that_telegram_names_is_told() {
        let throttled = telegram_bot_api::Error::Throttled {
            retry_after: Duration::from_secs(17),
            by: telegram_bot_api::Throttler::Telegram,
        };
        let answer = explained(&Error::TelegramUnavailable(throttled));
        assert_eq!(answer.headers[0].1, "18");
    }
}
