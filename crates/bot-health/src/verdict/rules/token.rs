//! The owner's own decision, and the token: without it nothing else can be asked.

use std::time::Duration;

use clock::Timestamp;

use super::super::case::Case;
use super::super::code::VerdictCode::{
    Disconnected, TelegramApiUnauthorized, TelegramLoggedOut, TelegramRateLimited,
    TelegramUnavailable,
};
use super::super::facts::{RecordStatus, Token};
use super::super::rule::{Rule, unknown};

/// A bot is connected within seconds; until this has passed, it is under way.
const CONNECTING: Duration = Duration::from_secs(10 * 60);
/// A fresh token that is refused for less than this is no news: Telegram often needs a while.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// So long a silence of Telegram's is no hiccup.
const UNANSWERED_FOR: Duration = Duration::from_secs(10 * 60);
/// Somebody who is told to wait as long as this is silent meanwhile.
const LONG_WAIT: Duration = Duration::from_secs(5 * 60);

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "disconnected",
        code: Some(Disconnected),
        holds: |case| case.facts.record.status == RecordStatus::Disconnected,
        since: |case| case.facts.record.since,
        sentence: "This bot was disconnected{on} and answers nobody.",
        fix: "Paste the bot's token and press Activate Bot to connect it again.",
    },
    Rule {
        name: "being_connected",
        code: None,
        holds: |case| is_connecting(case) && !case.has_lasted(case.facts.record.since, CONNECTING),
        since: |case| case.facts.record.since,
        sentence: "This bot is being connected right now.",
        fix: "",
    },
    Rule {
        name: "token_missing",
        code: Some(TelegramApiUnauthorized),
        holds: |case| case.facts.token == Token::Missing,
        since: unknown,
        sentence: "The token that was stored for this bot can no longer be read, so the bot cannot answer anybody.",
        fix: "Copy the bot's token from @BotFather and paste it again under Connect Bot.",
    },
    Rule {
        name: "fresh_token_not_accepted_yet",
        code: None,
        holds: |case| {
            let since = case.facts.record.rotating_since;
            is_refused(case) && since.is_some() && !case.has_lasted(since, FRESH)
        },
        since: |case| case.facts.record.rotating_since,
        sentence: "Telegram does not accept the bot's new token yet, which can take a while after a change.",
        fix: "",
    },
    Rule {
        name: "fresh_token_refused",
        code: Some(TelegramApiUnauthorized),
        holds: |case| is_refused(case) && case.facts.record.rotating_since.is_some(),
        since: |case| case.facts.record.rotating_since,
        sentence: "Telegram has been refusing the bot's new token{since}.",
        fix: "Copy the token from @BotFather once more and paste it under Connect Bot, or give Telegram a few hours if it is brand new.",
    },
    Rule {
        name: "token_refused",
        code: Some(TelegramApiUnauthorized),
        holds: is_refused,
        since: |case| match case.facts.token {
            Token::Unauthorized { since } => since,
            _ => None,
        },
        sentence: "Telegram has refused this bot's token{since}, because it was replaced in @BotFather or the bot was deleted.",
        fix: "Copy the bot's current token from @BotFather and paste it under Connect Bot.",
    },
    Rule {
        name: "logged_out",
        code: Some(TelegramLoggedOut),
        holds: |case| case.facts.token == Token::LoggedOut,
        since: unknown,
        sentence: "Another program has signed this bot out of Telegram.",
        fix: "Switch the other program off, wait ten minutes, and press Reconnect.",
    },
    Rule {
        name: "frozen",
        code: Some(TelegramApiUnauthorized),
        holds: |case| case.facts.token == Token::Frozen,
        since: unknown,
        sentence: "Telegram has frozen this bot or the account that owns it.",
        fix: "Ask Telegram with the owner's account to lift this, or connect another bot.",
    },
    Rule {
        name: "refused_otherwise",
        code: Some(TelegramApiUnauthorized),
        holds: |case| matches!(case.facts.token, Token::Refused { .. }),
        since: unknown,
        sentence: "Telegram refuses to work for this bot.",
        fix: "Press Reconnect, and ask the operator for Telegram's own words if that does not end it.",
    },
];

pub(super) const UNANSWERED: &[Rule] = &[
    Rule {
        name: "server_not_allowed",
        code: Some(TelegramUnavailable),
        holds: |case| case.facts.token == Token::ServerNotAllowed,
        since: unknown,
        sentence: "The server that runs your bot is not allowed to use Telegram, so the bot cannot answer.",
        fix: "Ask the operator to mend the way in which the server signs in to Telegram.",
    },
    Rule {
        name: "rate_limited",
        code: Some(TelegramRateLimited),
        holds: |case| match case.facts.token {
            Token::RateLimited { retry_after, since } => {
                retry_after >= LONG_WAIT || case.has_lasted(since, UNANSWERED_FOR)
            }
            _ => false,
        },
        since: asked_in_vain_since,
        sentence: "Telegram makes this bot pause because too much was sent or asked in a short time.",
        fix: "Wait for {wait}, and send fewer messages at once with this bot.",
    },
    Rule {
        name: "unavailable",
        code: Some(TelegramUnavailable),
        holds: |case| matches!(case.facts.token, Token::Unavailable { since, .. } if case.has_lasted(since, UNANSWERED_FOR)),
        since: asked_in_vain_since,
        sentence: "Telegram has not answered{since}, so the bot cannot answer either.",
        fix: "Wait until Telegram answers again, and ask the operator to check the server's own connection if other bots work.",
    },
    Rule {
        name: "unanswered",
        code: None,
        holds: |case| case.token_is_unknown() || case.facts.webhook.is_none(),
        since: asked_in_vain_since,
        sentence: "Telegram could not be asked about this bot just now.",
        fix: "",
    },
];

fn is_connecting(case: &Case<'_>) -> bool {
    case.facts.record.status == RecordStatus::Connecting
}

fn is_refused(case: &Case<'_>) -> bool {
    matches!(case.facts.token, Token::Unauthorized { .. })
}

fn asked_in_vain_since(case: &Case<'_>) -> Option<Timestamp> {
    match case.facts.token {
        Token::RateLimited { since, .. } | Token::Unavailable { since, .. } => since,
        _ => None,
    }
}
