//! What is past, though Telegram goes on showing it, and what only looks like trouble.

use std::time::Duration;

use super::super::facts::{DAY, HOUR, ago};
use super::{Row, row};
use crate::verdict::VerdictCode::{Healthy, WebhookUnreachable};
use crate::verdict::facts::ShownUrl;

pub(super) fn rows() -> Vec<Row> {
    [errors(), long_ago()].into_iter().flatten().collect()
}

fn errors() -> Vec<Row> {
    vec![
        row(
            "an error before the last accepted request",
            Healthy,
            |facts| {
                facts.failing("Connection refused");
                facts.requests.last_accepted = Some(ago(60));
            },
        ),
        row(
            "an error in the second of the last accepted request",
            Healthy,
            |facts| {
                facts.failing("Connection refused");
                facts.requests.last_accepted = Some(ago(90));
            },
        ),
        row(
            "an error a second after the last accepted request, which clocks cannot tell apart",
            Healthy,
            |facts| {
                facts.failing("Connection refused");
                facts.requests.last_accepted = Some(ago(91));
            },
        ),
        row("an error before the registration", Healthy, |facts| {
            facts.failing("Connection refused");
            facts.record.registered_at = Some(ago(60));
        }),
        row(
            "an error before the last accepted request, by a clock that is ahead",
            Healthy,
            |facts| {
                facts.shown().last_error = Some((
                    ago(90) + Duration::from_secs(100),
                    "Connection refused".into(),
                ));
                facts.clock_offset_seconds = Some(100);
                facts.requests.last_accepted = Some(ago(60));
            },
        ),
    ]
}

fn long_ago() -> Vec<Row> {
    vec![
        row(
            "an error of yesterday, and nothing waits",
            Healthy,
            |facts| {
                facts.shown().last_error = Some((ago(DAY), "Connection refused".into()));
                facts.requests.last_accepted = Some(ago(2 * DAY));
            },
        ),
        row(
            "an error of an hour ago, and updates wait",
            WebhookUnreachable,
            |facts| {
                facts.shown().last_error = Some((ago(HOUR), "Connection refused".into()));
                facts.shown().pending = 1;
            },
        ),
        row(
            "a connection without a request after the registration",
            Healthy,
            |facts| {
                facts.record.registered_at = Some(ago(1));
                facts.requests.last_accepted = None;
            },
        ),
        row("an earlier address, and all well", Healthy, |facts| {
            facts.shown().url = ShownUrl::OursOutdated;
            facts.record.reregistration_due = true;
        }),
        row(
            "an earlier address that nobody answers any more",
            WebhookUnreachable,
            |facts| {
                facts.shown().url = ShownUrl::OursOutdated;
                facts.failing("Wrong response from the webhook: 404 Not Found");
            },
        ),
    ]
}
