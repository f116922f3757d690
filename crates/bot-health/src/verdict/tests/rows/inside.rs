//! What is the matter when the way is free, and what is not the matter at all.

use std::time::Duration;

use telegram_bot_api::UpdateKind;

use super::super::facts::{HOUR, NOW, ago};
use super::{Row, row};
use crate::verdict::VerdictCode::{
    HandlerFailing, HandlerStuck, Healthy, TelegramUnavailable, UpdatesNotSubscribed,
    WebhookCertificate, WebhookUnreachable,
};

pub(super) fn rows() -> Vec<Row> {
    [telegram(), handlers(), the_rest()]
        .into_iter()
        .flatten()
        .collect()
}

fn telegram() -> Vec<Row> {
    vec![
        row(
            "Telegram has trouble with itself",
            TelegramUnavailable,
            |facts| {
                facts.shown().synchronization_error = Some(ago(120));
            },
        ),
        row(
            "Telegram had trouble with itself an hour ago",
            Healthy,
            |facts| {
                facts.shown().synchronization_error = Some(ago(HOUR));
            },
        ),
        row(
            "Telegram had trouble with itself, but updates came since",
            Healthy,
            |facts| {
                facts.shown().synchronization_error = Some(ago(120));
                facts.requests.last_accepted = Some(ago(60));
            },
        ),
        row(
            "Telegram has trouble with itself and with us",
            WebhookUnreachable,
            |facts| {
                facts.shown().synchronization_error = Some(ago(120));
                facts.failing("Connection refused");
            },
        ),
        row(
            "updates wait, nothing arrives, and no error says why",
            WebhookUnreachable,
            |facts| {
                facts.shown().pending = 41;
            },
        ),
        row("updates are just under way", Healthy, |facts| {
            facts.shown().pending = 2;
            facts.requests.last_accepted = Some(ago(1));
        }),
        row(
            "updates wait since just before the registration",
            Healthy,
            |facts| {
                facts.shown().pending = 2_000;
                facts.record.registered_at = Some(ago(3));
            },
        ),
    ]
}

fn handlers() -> Vec<Row> {
    vec![
        row("an operator holds updates back", HandlerStuck, |facts| {
            facts.record.held_since = Some(ago(HOUR));
        }),
        row("our clock is ten minutes behind", HandlerFailing, |facts| {
            facts.clock_offset_seconds = Some(600);
        }),
        row(
            "our clock is ahead, and handlers fail: the cause counts",
            HandlerFailing,
            |facts| {
                facts.clock_offset_seconds = Some(-3_000);
                facts.handlers_failed(8, 600, 5);
            },
        ),
        row("our clock is a little off", Healthy, |facts| {
            facts.clock_offset_seconds = Some(-20);
        }),
        row("handlers fail", HandlerFailing, |facts| {
            facts.handlers_failed(3, 600, 5);
        }),
        row("updates were given up", HandlerFailing, |facts| {
            facts.handlers_failed(0, 600, 5);
            facts.handlers.dead_letters_in_row = 4;
        }),
        row(
            "handlers fail, and the certificate expires soon",
            HandlerFailing,
            |facts| {
                facts.handlers_failed(3, 600, 5);
                facts.certificate_until(NOW + Duration::from_secs(HOUR));
            },
        ),
        row("one failure", Healthy, |facts| {
            facts.handlers_failed(1, 5, 5);
        }),
        row(
            "handlers failed this morning, and nothing came since",
            Healthy,
            |facts| {
                facts.handlers_failed(6, 5 * HOUR, 4 * HOUR);
            },
        ),
        row(
            "one lane has been busy for ten minutes",
            HandlerStuck,
            |facts| {
                facts.handlers.busy_since = Some(ago(600));
            },
        ),
        row("one lane is busy", Healthy, |facts| {
            facts.handlers.busy_since = Some(ago(12));
        }),
    ]
}

fn the_rest() -> Vec<Row> {
    vec![
        row("some kinds are missing", UpdatesNotSubscribed, |facts| {
            facts.shown().missing_kinds =
                vec![UpdateKind::ChatMember, UpdateKind::PreCheckoutQuery];
        }),
        row("all kinds are missing", UpdatesNotSubscribed, |facts| {
            facts.shown().missing_kinds = UpdateKind::ALL.into();
        }),
        row(
            "kinds are missing, and the upkeep is about to tell",
            Healthy,
            |facts| {
                facts.shown().missing_kinds = vec![UpdateKind::Subscription];
                facts.record.reregistration_due = true;
            },
        ),
        row(
            "the certificate expires tomorrow",
            WebhookCertificate,
            |facts| {
                facts.certificate_until(NOW + Duration::from_secs(30 * HOUR));
            },
        ),
        row("the certificate expires in three days", Healthy, |facts| {
            facts.certificate_until(NOW + Duration::from_secs(72 * HOUR));
        }),
        row("nothing is the matter", Healthy, |_| {}),
        row(
            "nothing is the matter, and nobody has looked at the way",
            Healthy,
            |facts| {
                facts.endpoint = None;
            },
        ),
    ]
}
