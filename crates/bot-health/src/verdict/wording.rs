//! Fills in what a rule's sentences leave open, in braces.

use std::time::Duration;

use clock::Timestamp;

use super::case::Case;
use super::facts::Token;
use super::{scrub, spoken};

/// A sentence with everything filled in. `since` is when it began, where that is known.
pub(crate) fn fill(template: &str, case: &Case<'_>, since: Option<Timestamp>) -> String {
    let mut parts = template.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        filled.push_str(&value(name, case, since).unwrap_or_default());
        filled.push_str(rest);
    }
    filled
}

fn value(name: &str, case: &Case<'_>, since: Option<Timestamp>) -> Option<String> {
    let text = match name {
        "since" => format!(" since {}", spoken::time(since?)),
        "on" => format!(" on {}", spoken::time(since?)),
        "tried" => format!(" (last tried on {})", spoken::time(case.error?.0)),
        "last" => {
            let last = case.facts.requests.last_accepted?;
            format!(" (the last one came on {})", spoken::time(last))
        }
        "rival" => rival(case),
        "host" => our_host(case),
        "kinds" => spoken::kinds(&case.ours()?.missing_kinds),
        "expiry" => spoken::time(case.certificate()?.not_after),
        "skew" => {
            let seconds = case.facts.clock_offset_seconds?.unsigned_abs();
            spoken::span(Duration::from_secs(seconds))
        }
        "wait" => spoken::span(wait(case)),
        _ => return None,
    };
    Some(text)
}

fn rival(case: &Case<'_>) -> String {
    let host = case.rival().and_then(scrub::host);
    host.unwrap_or_else(|| "its name is not known".to_owned())
}

fn our_host(case: &Case<'_>) -> String {
    let endpoint = case.facts.endpoint.as_ref();
    let host = endpoint.and_then(|endpoint| scrub::host(&endpoint.host));
    host.unwrap_or_else(|| "the server's public address".to_owned())
}

/// How long to wait: at least a minute, because Telegram has said so for a while already.
fn wait(case: &Case<'_>) -> Duration {
    match case.facts.token {
        Token::RateLimited { retry_after, .. } => retry_after.max(Duration::from_secs(60)),
        _ => Duration::from_secs(60),
    }
}
