//! Whatever strangers write, and wherever they put it: nothing secret is shown, and no date or number breaks anything.

use std::time::Duration;

use clock::Timestamp;
use proptest::prelude::*;

use super::facts::{NOW, well};
use crate::verdict::facts::{SelfCheck, ShownUrl, Token};
use crate::verdict::{Decision, Facts, decide};

/// A bot token, a path secret or a secret token, as they really are.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof![
        "[1-9][0-9]{6,11}:[A-Za-z0-9_-]{34}[AEIMQUYcgkosw048]",
        "[A-Za-z0-9_-]{22}",
        "[A-Za-z0-9_-]{43}",
    ]
}

/// A secret as it may stand in a text, and the text.
fn planted() -> impl Strategy<Value = (String, String)> {
    let around = "[ -~]{0,40}";
    let joint = prop_oneof![
        Just(" ".to_owned()),
        Just("https://a.example/bot".to_owned()),
        Just("https://user:".to_owned()),
        Just("/telegram/webhook/bot_01J00000000000000000000000/k1.3.".to_owned()),
        Just("?token=".to_owned()),
        Just("Wrong response from the webhook: 502 ".to_owned()),
        Just("{\"token\":\"".to_owned()),
        Just("\u{0}\n\t".to_owned()),
        Just("é".to_owned()),
    ];
    (secret(), around, joint, around).prop_map(|(secret, before, joint, after)| {
        let text = format!("{before}{joint}{secret}{after}");
        (secret, text)
    })
}

/// Facts that hold a text wherever strangers' words are held.
fn holding(text: &str, token: u8, elsewhere: bool) -> Facts {
    let mut facts = well();
    let why = text.to_owned();
    facts.shown().pending = 1;
    facts.shown().last_error = Some((NOW, why.clone()));
    facts.shown().address = Some(why.clone());
    facts.shown().missing_kinds = vec![text.into()];
    if elsewhere {
        let host = format!("https://rival.example/{why}");
        facts.shown().url = ShownUrl::Elsewhere { host };
    }
    facts.handlers_failed(4, 60, 5);
    facts.handlers.last_reason = Some(why.clone());
    facts.way().answer = SelfCheck::NoAnswer { why: why.clone() };
    facts.token = match token {
        0 => Token::Unavailable { why, since: None },
        1 => Token::Refused { words: why },
        _ => Token::Works,
    };
    facts
}

/// Every text that anybody gets to read.
fn told(decision: &Decision) -> String {
    let (texts, evidence) = match decision {
        Decision::News(verdict) => ([verdict.sentence.as_str(), &verdict.fix], &verdict.evidence),
        Decision::NoNews { sentence, evidence } => ([sentence.as_str(), ""], evidence),
    };
    let evidence = evidence.iter().map(|one| one.what.as_str());
    texts
        .into_iter()
        .chain(evidence)
        .collect::<Vec<&str>>()
        .join("\n")
}

proptest! {
    #[test]
    fn no_secret_is_told((secret, text) in planted(), token in 0_u8..4, elsewhere: bool) {
        let told = told(&decide(&holding(&text, token, elsewhere)));
        prop_assert!(!told.contains(&secret), "{secret} in {told}");
        // Not even a good part of it.
        let key = secret.rsplit(':').next().unwrap_or_default();
        for part in key.as_bytes().windows(17) {
            let part = String::from_utf8_lossy(part);
            prop_assert!(!told.contains(&*part), "{part} in {told}");
        }
        prop_assert!(!told.contains("://") && !told.contains("/telegram/webhook"), "{told}");
        prop_assert!(!told.contains(|c: char| c.is_control() && c != '\n'), "{told:?}");
    }

    #[test]
    fn a_host_that_is_no_host_tells_nothing((secret, text) in planted()) {
        let mut facts = well();
        facts.shown().url = ShownUrl::Elsewhere { host: format!("https://{text}@rival.example/") };
        let told = told(&decide(&facts));
        prop_assert!(!told.contains(&secret), "{secret} in {told}");
    }

    #[test]
    fn no_time_is_too_strange(
        times in proptest::array::uniform8(any::<i64>()), offset: Option<i64>, count: u64, wait: u64, pending: u64,
    ) {
        let [now, since, accepted, error, synchronized, until, looked, failed] = times.map(Timestamp::from_unix_us);
        let mut facts = well();
        facts.now = now;
        facts.record.since = Some(since);
        facts.record.registered_at = Some(failed);
        facts.requests.last_accepted = Some(accepted);
        facts.shown().last_error = Some((error, "Connection refused".into()));
        facts.shown().synchronization_error = Some(synchronized);
        facts.shown().pending = pending;
        facts.certificate_until(until);
        facts.way().checked_at = looked;
        facts.clock_offset_seconds = offset;
        facts.handlers_failed(count, 0, 0);
        prop_assert!(told(&decide(&facts)).len() < 10_000);
        facts.token = Token::RateLimited { retry_after: Duration::from_secs(wait), since: Some(since) };
        prop_assert!(told(&decide(&facts)).len() < 10_000);
    }
}
