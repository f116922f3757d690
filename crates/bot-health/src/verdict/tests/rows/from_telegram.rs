//! What `getMe` and `getWebhookInfo` say: docs/TELEGRAM.md, "What silence looks like".

use std::time::Duration;

use super::super::facts::{DAY, HOUR, ago, lately};
use super::{Row, row};
use crate::verdict::VerdictCode::{
    self, Disconnected, Healthy, TelegramApiUnauthorized, TelegramLoggedOut, TelegramRateLimited,
    TelegramUnavailable, WebhookRemoved, WebhookSecretMismatch, WebhookTakenOver,
};
use crate::verdict::facts::{RecordStatus, Refusal, ShownUrl, Token};

const NOT_FOUND: &str = "Wrong response from the webhook: 404 Not Found";

pub(super) fn rows() -> Vec<Row> {
    [
        decided(),
        token(),
        unanswered(),
        registration(),
        gone(),
        secret(),
        strangers(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn decided() -> Vec<Row> {
    vec![
        row("disconnected", Disconnected, |facts| {
            facts.record.status = RecordStatus::Disconnected;
            facts.record.since = Some(ago(HOUR));
        }),
        row(
            "disconnected, and its token revoked since",
            Disconnected,
            |facts| {
                facts.record.status = RecordStatus::Disconnected;
                facts.refused_by_telegram(Some(ago(60)));
            },
        ),
        row("connecting for a minute", None, |facts| {
            facts.record.status = RecordStatus::Connecting;
            facts.record.since = Some(ago(60));
            facts.shown().url = ShownUrl::Empty;
        }),
        row(
            "connecting for an hour, and no webhook",
            WebhookRemoved,
            |facts| {
                facts.record.status = RecordStatus::Connecting;
                facts.record.since = Some(ago(HOUR));
                facts.shown().url = ShownUrl::Empty;
            },
        ),
        row(
            "connecting for an hour, and the token is revoked",
            TelegramApiUnauthorized,
            |facts| {
                facts.record.status = RecordStatus::Connecting;
                facts.record.since = Some(ago(HOUR));
                facts.refused_by_telegram(Some(ago(1_800)));
            },
        ),
    ]
}

fn token() -> Vec<Row> {
    vec![
        row("token refused", TelegramApiUnauthorized, |facts| {
            facts.refused_by_telegram(Some(ago(400)));
        }),
        row(
            "token refused, nobody knows since when",
            TelegramApiUnauthorized,
            |facts| {
                facts.refused_by_telegram(None);
            },
        ),
        row(
            "token refused while handlers fail: the cause counts",
            TelegramApiUnauthorized,
            |facts| {
                facts.refused_by_telegram(Some(ago(400)));
                facts.handlers_failed(9, 300, 10);
            },
        ),
        row("fresh token refused for five minutes", None, |facts| {
            facts.refused_by_telegram(Some(ago(300)));
            facts.record.rotating_since = Some(ago(300));
        }),
        row(
            "fresh token refused for an hour",
            TelegramApiUnauthorized,
            |facts| {
                facts.refused_by_telegram(Some(ago(HOUR)));
                facts.record.rotating_since = Some(ago(HOUR));
            },
        ),
        row("fresh token accepted", Healthy, |facts| {
            facts.record.rotating_since = Some(ago(HOUR));
        }),
        row(
            "no token that can be opened",
            TelegramApiUnauthorized,
            |facts| {
                facts.unanswered(Token::Missing);
            },
        ),
        row("logged out", TelegramLoggedOut, |facts| {
            facts.unanswered(Token::LoggedOut);
        }),
        row("frozen", TelegramApiUnauthorized, |facts| {
            facts.unanswered(Token::Frozen);
        }),
        row(
            "frozen, so handlers fail: the cause counts",
            TelegramApiUnauthorized,
            |facts| {
                facts.unanswered(Token::Frozen);
                facts.handlers_failed(9, 300, 10);
            },
        ),
        row(
            "refused with words that nobody knows",
            TelegramApiUnauthorized,
            |facts| {
                let words = "Bad Request: the bot has already been closed".into();
                facts.unanswered(Token::Refused { words });
            },
        ),
    ]
}

fn unanswered() -> Vec<Row> {
    let limited = |seconds, since| Token::RateLimited {
        retry_after: Duration::from_secs(seconds),
        since,
    };
    let silent = |since| Token::Unavailable {
        why: "502 Bad Gateway".into(),
        since,
    };
    vec![
        row(
            "the server may not use Telegram",
            TelegramUnavailable,
            |facts| {
                facts.unanswered(Token::ServerNotAllowed);
            },
        ),
        row("429 for some seconds", None, |facts| {
            facts.unanswered(limited(7, Some(ago(7))));
        }),
        row("429 for half an hour", TelegramRateLimited, |facts| {
            facts.unanswered(limited(1_800, Some(ago(1))));
        }),
        row("429 again and again", TelegramRateLimited, |facts| {
            facts.unanswered(limited(30, Some(ago(HOUR))));
        }),
        row("5xx once", None, |facts| {
            facts.unanswered(silent(Some(ago(20))));
        }),
        row("no answer, nobody knows since when", None, |facts| {
            facts.unanswered(silent(None));
        }),
        row(
            "no answer for a quarter of an hour",
            TelegramUnavailable,
            |facts| {
                facts.unanswered(silent(Some(ago(900))));
            },
        ),
        row(
            "no answer for a quarter of an hour, so handlers fail",
            TelegramUnavailable,
            |facts| {
                facts.unanswered(silent(Some(ago(900))));
                facts.handlers_failed(30, 800, 1);
            },
        ),
        row(
            "no answer, while we refuse",
            VerdictCode::WebhookRefusedByUs,
            |facts| {
                facts.unanswered(silent(Some(ago(900))));
                facts.refusing(4, 5, Refusal::NotStored);
            },
        ),
        row("nobody asked", None, |facts| {
            facts.unanswered(Token::NotAsked);
        }),
        row("the token works, the webhook was not told", None, |facts| {
            facts.webhook = None;
        }),
    ]
}

fn registration() -> Vec<Row> {
    vec![
        row("taken over", WebhookTakenOver, |facts| {
            facts.at_rival("rival.example");
        }),
        row(
            "taken over, by a host that is told with more than it should",
            WebhookTakenOver,
            |facts| {
                facts.at_rival("https://user:word@Rival.Example:8443/bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw");
            },
        ),
        row(
            "taken over by something without a name",
            WebhookTakenOver,
            |facts| {
                facts.at_rival(" ");
            },
        ),
        row(
            "taken over before anything ever came",
            WebhookTakenOver,
            |facts| {
                facts.at_rival("rival.example");
                facts.requests.last_accepted = None;
            },
        ),
        row(
            "taken over, and handlers failed before",
            WebhookTakenOver,
            |facts| {
                facts.at_rival("rival.example");
                facts.handlers_failed(5, HOUR, 1_000);
            },
        ),
        row(
            "taken over; the error is the rival's",
            WebhookTakenOver,
            |facts| {
                facts.at_rival("rival.example");
                facts.failing("Connection refused");
            },
        ),
    ]
}

fn gone() -> Vec<Row> {
    vec![
        row("moved to Telegram", WebhookTakenOver, |facts| {
            facts.at_rival("serverless.tgcloud.ai");
        }),
        row(
            "taken over by a name that only looks like Telegram's",
            WebhookTakenOver,
            |facts| {
                facts.at_rival("nott.me");
            },
        ),
        row("removed", WebhookRemoved, |facts| {
            facts.shown().url = ShownUrl::Empty;
        }),
        row("removed, and updates wait", WebhookRemoved, |facts| {
            facts.shown().url = ShownUrl::Empty;
            facts.shown().pending = 70;
        }),
    ]
}

fn secret() -> Vec<Row> {
    vec![
        row(
            "our address without our secret",
            WebhookSecretMismatch,
            |facts| {
                facts.requests.wrong_secret = Some(lately(4, 80));
                facts.failing(NOT_FOUND);
            },
        ),
        row(
            "without our secret, and Telegram's error was lost by a restart",
            WebhookSecretMismatch,
            |facts| {
                facts.requests.wrong_secret = Some(lately(3, 2));
                facts.shown().pending = 1;
            },
        ),
    ]
}

fn strangers() -> Vec<Row> {
    vec![
        row(
            "wrong secrets from a stranger, since Telegram shows no error",
            Healthy,
            |facts| {
                facts.requests.wrong_secret = Some(lately(500, 2));
            },
        ),
        row("wrong secrets, but a right one since", Healthy, |facts| {
            facts.requests.wrong_secret = Some(lately(500, 30));
            facts.requests.last_accepted = Some(ago(10));
            facts.failing(NOT_FOUND);
        }),
        row(
            "wrong secrets from a stranger, while updates are under way",
            Healthy,
            |facts| {
                facts.requests.wrong_secret = Some(lately(500, 2));
                facts.requests.last_accepted = Some(ago(3));
                facts.shown().pending = 2;
            },
        ),
        row(
            "wrong secrets and a right one since, and now another server answers",
            VerdictCode::WebhookUnreachable,
            |facts| {
                facts.requests.wrong_secret = Some(lately(9, 500));
                facts.requests.last_accepted = Some(ago(200));
                facts.failing(NOT_FOUND);
            },
        ),
        row("wrong secrets before Reconnect", Healthy, |facts| {
            facts.requests.wrong_secret = Some(lately(500, 30));
            facts.record.registered_at = Some(ago(10));
            facts.failing(NOT_FOUND);
        }),
        row(
            "without our secret, and kinds missing: the cause counts",
            WebhookSecretMismatch,
            |facts| {
                facts.requests.wrong_secret = Some(lately(4, 80));
                facts.failing(NOT_FOUND);
                facts.shown().missing_kinds = vec!["chat_member".into()];
            },
        ),
        row("wrong secrets long ago", Healthy, |facts| {
            facts.requests.wrong_secret = Some(lately(9, DAY));
        }),
    ]
}
