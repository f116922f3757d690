//! When the way is free: Telegram's own trouble, what becomes of updates here, and what is yet to come.

use std::time::Duration;

use super::super::code::VerdictCode::{
    HandlerFailing, HandlerStuck, Healthy, TelegramUnavailable, UpdatesNotSubscribed,
    WebhookCertificate, WebhookUnreachable,
};
use super::super::facts::Webhook;
use super::super::rule::{Rule, unknown};

/// An update that is handled for as long as this has been forgotten by whoever handles it: a handler gets seconds.
const STUCK: Duration = Duration::from_secs(5 * 60);
/// A clock that is wrong by more gives payments up that Telegram still waits for: it keeps their questions for 150 s.
const CLOCK_SECONDS: u64 = 150;
/// Who renews certificates does it weeks before, or, of those that are good for six days, three days before.
const SOON: Duration = Duration::from_secs(48 * 60 * 60);

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "telegrams_own_trouble",
        code: Some(TelegramUnavailable),
        holds: |case| case.synchronization_error().is_some(),
        since: |case| case.synchronization_error(),
        sentence: "Telegram has trouble of its own and does not pass messages on at the moment.",
        fix: "Wait until Telegram has mended it; nothing needs to be done here.",
    },
    Rule {
        name: "backlog",
        code: Some(WebhookUnreachable),
        holds: |case| case.has_backlog(),
        since: unknown,
        sentence: "Messages for this bot wait at Telegram and do not arrive here{last}, and Telegram does not say why.",
        fix: "Press Reconnect, and ask the operator to check the way to {host} if that does not help.",
    },
    Rule {
        name: "held",
        code: Some(HandlerStuck),
        holds: |case| case.facts.record.held_since.is_some(),
        since: |case| case.facts.record.held_since,
        sentence: "The operator has put this bot's messages on hold{since}.",
        fix: "Ask the operator to let the messages go on.",
    },
    Rule {
        name: "clock_is_wrong",
        code: Some(HandlerFailing),
        holds: |case| {
            let offset = case.facts.clock_offset_seconds;
            offset.is_some_and(|seconds| seconds.unsigned_abs() >= CLOCK_SECONDS)
        },
        since: unknown,
        sentence: "The clock of the server that runs your bot is wrong by {skew}, so payments and other things that cannot wait go wrong.",
        fix: "Ask the operator to set the server's clock and keep it set by a time service.",
    },
    Rule {
        name: "handlers_fail",
        code: Some(HandlerFailing),
        holds: |case| case.handlers_fail(),
        since: |case| case.facts.handlers.failing_since,
        sentence: "Messages arrive, but nothing that your bot has tried to do with them{since} has worked.",
        fix: "Ask the operator to look at why the last attempts failed, and to replay what was given up.",
    },
    Rule {
        name: "handler_stuck",
        code: Some(HandlerStuck),
        holds: |case| case.has_lasted(case.facts.handlers.busy_since, STUCK),
        since: |case| case.facts.handlers.busy_since,
        sentence: "Your bot has been busy with a single message{since}, and others wait behind it.",
        fix: "Ask the operator to find out what your bot is busy with, and to restart what does not end.",
    },
    Rule {
        name: "kinds_missing",
        code: Some(UpdatesNotSubscribed),
        holds: |case| {
            let is_missing = |webhook: &Webhook| !webhook.missing_kinds.is_empty();
            case.ours().is_some_and(is_missing) && !case.facts.record.reregistration_due
        },
        since: unknown,
        sentence: "Telegram does not tell this bot about some things any more: {kinds}.",
        fix: "Press Reconnect.",
    },
    Rule {
        name: "certificate_expires_soon",
        code: Some(WebhookCertificate),
        holds: |case| {
            let certificate = case.certificate();
            certificate.is_some_and(|one| one.not_after.since(case.true_now()) < SOON)
        },
        since: |case| {
            case.facts
                .endpoint
                .as_ref()
                .map(|endpoint| endpoint.checked_at)
        },
        sentence: "The bot will fall silent on {expiry}, when the proof of identity of the server that runs it runs out.",
        fix: "Ask the operator to renew the certificate of {host} before then.",
    },
    Rule {
        name: "healthy",
        code: Some(Healthy),
        holds: |_| true,
        since: unknown,
        sentence: "This bot is connected and works.",
        fix: "Do nothing; if the bot overlooks messages in a group, check its group privacy in @BotFather.",
    },
];
