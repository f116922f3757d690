//! What was observed, for operators: along the way of an update, each with its time.

use clock::Timestamp;

use super::case::Case;
use super::facts::{
    Addresses, ChainFault, Endpoint, RecordStatus, Refusal, SelfCheck, ShownUrl, Token, Webhook,
};
use super::{scrub, spoken};

/// Something that was observed. Never a path, a secret or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What.
    pub what: String,
    /// When, by our clock.
    pub at: Option<Timestamp>,
}

/// Everything that was observed.
pub(crate) fn observed(case: &Case<'_>) -> Vec<Evidence> {
    let mut seen = Vec::new();
    record(case, &mut seen);
    token(case, &mut seen);
    if let Some(webhook) = &case.facts.webhook {
        shown(webhook, &mut seen);
        troubles(case, webhook, &mut seen);
    }
    requests(case, &mut seen);
    if let Some(endpoint) = &case.facts.endpoint {
        way(endpoint, &mut seen);
    }
    if let Some(seconds) = case.facts.clock_offset_seconds {
        let what = format!("Telegram's clock is ahead of ours by {seconds} s");
        seen.push(at(case.facts.now, what));
    }
    handlers(case, &mut seen);
    seen
}

/// Another thing that is wrong.
pub(crate) fn also(code: &str, rule: &str, sentence: &str, since: Option<Timestamp>) -> Evidence {
    maybe(since, format!("also {code} ({rule}): {sentence}"))
}

fn record(case: &Case<'_>, seen: &mut Vec<Evidence>) {
    let record = &case.facts.record;
    let status = match record.status {
        RecordStatus::Connecting => "connecting",
        RecordStatus::Active => "active",
        RecordStatus::Disconnected => "disconnected",
    };
    seen.push(maybe(record.since, format!("our record is {status}")));
    let times = [
        (record.registered_at, "Telegram was last told our address"),
        (record.rotating_since, "a new token waits to be accepted"),
        (
            record.held_since,
            "an operator holds the bot's updates back",
        ),
    ];
    let known = times
        .into_iter()
        .filter_map(|(time, what)| Some(at(time?, what)));
    seen.extend(known);
    if record.reregistration_due {
        seen.push(maybe(
            None,
            "the webhook is to be registered anew, since settings changed",
        ));
    }
}

fn token(case: &Case<'_>, seen: &mut Vec<Evidence>) {
    let now = Some(case.facts.now);
    let (time, what) = match &case.facts.token {
        Token::Works => (now, "Telegram accepts the token".to_owned()),
        Token::Unauthorized { since } => (*since, "Telegram refuses the token".to_owned()),
        Token::LoggedOut => (
            now,
            "Telegram answers that the bot was logged out".to_owned(),
        ),
        Token::Frozen => (
            now,
            "Telegram answers that the bot or its owner's account is frozen".to_owned(),
        ),
        Token::Refused { words } => (
            now,
            format!(
                "Telegram refuses to answer for the bot: {}",
                scrub::words(words)
            ),
        ),
        Token::ServerNotAllowed => (
            now,
            "the Bot API server answers that its api-id or api-hash is not valid".to_owned(),
        ),
        Token::RateLimited { retry_after, since } => {
            let wait = retry_after.as_secs();
            (
                *since,
                format!("Telegram answers 429, to be asked again after {wait} s"),
            )
        }
        Token::Unavailable { why, since } => (
            *since,
            format!("Telegram did not answer: {}", scrub::words(why)),
        ),
        Token::Missing => (
            None,
            "our record holds no token that can be opened".to_owned(),
        ),
        Token::NotAsked => return,
    };
    seen.push(maybe(time, what));
}

fn shown(webhook: &Webhook, seen: &mut Vec<Evidence>) {
    let whose = match &webhook.url {
        ShownUrl::Ours => "Telegram shows our webhook".to_owned(),
        ShownUrl::OursOutdated => {
            "Telegram shows our webhook of an earlier registration".to_owned()
        }
        ShownUrl::Empty => "Telegram shows no webhook".to_owned(),
        ShownUrl::Elsewhere { host } => {
            let host =
                scrub::host(host).unwrap_or_else(|| "a host that cannot be shown".to_owned());
            format!("Telegram shows a webhook at {host}")
        }
    };
    seen.push(maybe(None, whose));
    seen.push(maybe(
        None,
        format!("updates that wait at Telegram: {}", webhook.pending),
    ));
    if let Some(address) = &webhook.address {
        seen.push(maybe(
            None,
            format!("Telegram connects to {}", scrub::words(address)),
        ));
    }
    if let Some(most) = webhook.max_connections {
        seen.push(maybe(
            None,
            format!("Telegram makes up to {most} requests at once"),
        ));
    }
    if webhook.custom_certificate {
        seen.push(maybe(
            None,
            "Telegram was given a certificate to trust, and not by us",
        ));
    }
    if !webhook.missing_kinds.is_empty() {
        let names: Vec<String> = webhook
            .missing_kinds
            .iter()
            .map(|kind| scrub::words(kind.as_str()))
            .collect();
        seen.push(maybe(
            None,
            format!("kinds that Telegram does not list: {}", names.join(", ")),
        ));
    }
}

fn troubles(case: &Case<'_>, webhook: &Webhook, seen: &mut Vec<Evidence>) {
    if let Some((theirs, message)) = &webhook.last_error {
        let is_past = case.ours().is_some() && case.error.is_none();
        let past = if is_past { "past " } else { "" };
        let what = format!("{past}error that Telegram shows: {}", scrub::words(message));
        seen.push(at(case.by_our_clock(*theirs), what));
    }
    if let Some(theirs) = webhook.synchronization_error {
        let what = "Telegram had trouble with its own servers";
        seen.push(at(case.by_our_clock(theirs), what));
    }
}

fn requests(case: &Case<'_>, seen: &mut Vec<Evidence>) {
    let requests = &case.facts.requests;
    if let Some(last) = requests.last_accepted {
        seen.push(at(last, "last request that was accepted"));
    }
    if let Some(wrong) = requests.wrong_secret {
        let what = format!(
            "requests by our path with a wrong secret, or none: {}",
            wrong.count
        );
        seen.push(at(wrong.last, what));
    }
    if let Some((refused, why)) = requests.refused {
        let why = match why {
            Refusal::Overloaded => "no room",
            Refusal::NotStored => "could not be stored",
            Refusal::TooLarge => "too large",
            Refusal::TimedOut => "did not come in time",
            Refusal::Malformed => "not well formed",
        };
        let what = format!(
            "requests that we refused: {}, the last one: {why}",
            refused.count
        );
        seen.push(at(refused.last, what));
    }
}

fn way(endpoint: &Endpoint, seen: &mut Vec<Evidence>) {
    let host = scrub::host(&endpoint.host).unwrap_or_default();
    let addresses = match &endpoint.addresses {
        Addresses::Unknown => None,
        Addresses::NoSuchName => Some(format!("{host} does not resolve here")),
        Addresses::Known(addresses) => {
            let shown: Vec<String> = addresses.iter().take(8).map(ToString::to_string).collect();
            Some(format!("{host} resolves here to {}", shown.join(", ")))
        }
    };
    let certificate = endpoint.certificate.map(|one| {
        let until = spoken::time(one.not_after);
        format!(
            "the certificate that is seen from here is good until {until}{}",
            one.fault.map_or("", fault)
        )
    });
    let answer = match &endpoint.answer {
        SelfCheck::NotMade => None,
        SelfCheck::Us => Some("our public address answers, and it is us".to_owned()),
        SelfCheck::SomebodyElse { status } => {
            let status = status.map_or(String::new(), |status| format!(" with {status}"));
            Some(format!(
                "our public address answers{status}, and it is not us"
            ))
        }
        SelfCheck::NoAnswer { why } => Some(format!(
            "our public address does not answer here: {}",
            scrub::words(why)
        )),
    };
    let known = [addresses, certificate, answer].into_iter().flatten();
    seen.extend(known.map(|what| at(endpoint.checked_at, what)));
}

fn handlers(case: &Case<'_>, seen: &mut Vec<Evidence>) {
    let handlers = &case.facts.handlers;
    if handlers.failures_in_row > 0 || handlers.dead_letters_in_row > 0 {
        let (failed, dead) = (handlers.failures_in_row, handlers.dead_letters_in_row);
        let what =
            format!("attempts in a row that failed: {failed}, of which gave an update up: {dead}");
        seen.push(maybe(handlers.failing_since, what));
    }
    if let Some(reason) = &handlers.last_reason {
        let what = format!("why the last one failed: {}", scrub::words(reason));
        seen.push(maybe(handlers.last_failed_at, what));
    }
    if let Some(busy) = handlers.busy_since {
        seen.push(at(
            busy,
            "handling of the oldest update that is being handled began",
        ));
    }
}

fn fault(fault: ChainFault) -> &'static str {
    match fault {
        ChainFault::Incomplete => ", and its chain is incomplete",
        ChainFault::UnknownIssuer => ", and its issuer is not known",
        ChainFault::WrongName => ", and it is for another name",
        ChainFault::NotYetValid => ", and it is not good yet",
        ChainFault::Other => ", and it does not verify",
    }
}

fn at(time: Timestamp, what: impl Into<String>) -> Evidence {
    maybe(Some(time), what)
}

fn maybe(time: Option<Timestamp>, what: impl Into<String>) -> Evidence {
    Evidence {
        what: what.into(),
        at: time,
    }
}
