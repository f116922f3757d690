//! To whom Telegram delivers, and whether it proves that it is Telegram.

use super::super::case::Case;
use super::super::code::VerdictCode::{WebhookRemoved, WebhookSecretMismatch, WebhookTakenOver};
use super::super::facts::ShownUrl;
use super::super::rule::{Rule, unknown};

/// Hosts of Telegram's own, and what is below them: a bot that is delivered there runs at Telegram.
const TELEGRAMS: [&str; 3] = ["telegram.org", "t.me", "tgcloud.ai"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "moved_to_telegram",
        code: Some(WebhookTakenOver),
        holds: |case| case.rival().is_some_and(is_telegrams),
        since: unknown,
        sentence: "This bot was switched over to run at Telegram itself ({rival}), so its messages no longer come here{last}.",
        fix: "Switch Serverless off for this bot in @BotFather and then press Reconnect.",
    },
    Rule {
        name: "taken_over",
        code: Some(WebhookTakenOver),
        holds: |case| case.rival().is_some(),
        since: unknown,
        sentence: "Another service ({rival}) receives this bot's messages instead{last}.",
        fix: "Switch this bot off at the other service ({rival}) and then press Reconnect.",
    },
    Rule {
        name: "never_registered",
        code: Some(WebhookRemoved),
        holds: |case| !case.is_active() && is_empty(case),
        since: |case| case.facts.record.since,
        sentence: "Connecting this bot was begun{on} and is not finished.",
        fix: "Press Reconnect, and ask the operator for help if that does not end it.",
    },
    Rule {
        name: "removed",
        code: Some(WebhookRemoved),
        holds: is_empty,
        since: unknown,
        sentence: "Telegram was told to stop sending this bot's messages here{last}.",
        fix: "Switch off any other program that uses this bot's token and then press Reconnect.",
    },
    Rule {
        name: "secret_mismatch",
        code: Some(WebhookSecretMismatch),
        holds: |case| case.wrong_secret().is_some(),
        since: unknown,
        sentence: "Somebody has changed how Telegram sends this bot's messages, so they cannot be told from forged ones any more{last}.",
        fix: "Press Reconnect, and replace the bot's token in @BotFather if you do not know who did this.",
    },
];

fn is_empty(case: &Case<'_>) -> bool {
    case.url() == Some(&ShownUrl::Empty)
}

fn is_telegrams(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    TELEGRAMS.iter().any(|telegrams| {
        host.strip_suffix(telegrams)
            .is_some_and(|below| below.is_empty() || below.ends_with('.'))
    })
}
