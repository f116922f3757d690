//! What every sentence must be, whatever the facts.

use super::rows::rows;
use crate::verdict::rules::rules;
use crate::verdict::{Decision, decide};

/// What a creator has never heard of. In lower case; a word counts where it stands alone, with or without an `s`.
const JARGON: &[&str] = &[
    "webhook",
    "tls",
    "ssl",
    "http",
    "https",
    "endpoint",
    "api",
    "dns",
    "ip",
    "ipv4",
    "ipv6",
    "tcp",
    "port",
    "proxy",
    "url",
    "uri",
    "host",
    "hostname",
    "domain",
    "certificate",
    "chain",
    "handshake",
    "request",
    "response",
    "status",
    "payload",
    "json",
    "body",
    "header",
    "secret",
    "handler",
    "lane",
    "queue",
    "update",
    "event",
    "timeout",
    "latency",
    "firewall",
    "redirect",
    "database",
    "dispatcher",
    "generation",
    "polling",
    "getme",
    "getwebhookinfo",
    "setwebhook",
    "deletewebhook",
    "allowed_updates",
    "unauthorized",
    "forbidden",
    "gateway",
    "registration",
    "vault",
    "sweep",
    "drift",
    "verdict",
    "retry",
    "deploy",
    "config",
    "configuration",
];

#[test]
fn a_creator_understands_every_sentence() {
    for sentence in rules().map(|rule| rule.sentence) {
        for word in words(sentence) {
            let one = word.strip_suffix('s').unwrap_or(&word);
            assert!(!JARGON.contains(&word.as_str()), "{word}: {sentence}");
            assert!(!JARGON.contains(&one), "{word}: {sentence}");
            assert!(
                !word.contains(|c: char| c.is_ascii_digit() || c == '_'),
                "{word}: {sentence}"
            );
        }
    }
}

#[test]
fn every_sentence_is_one_sentence_and_says_all() {
    for row in rows() {
        let (sentence, fix) = match decide(&row.facts) {
            Decision::News(verdict) => (verdict.sentence, Some(verdict.fix)),
            Decision::NoNews { sentence, .. } => (sentence, None),
        };
        for text in std::iter::once(&sentence).chain(&fix) {
            assert!(is_one_sentence(text), "{text}");
            assert!(!text.contains(['{', '}']) && !text.contains("  "), "{text}");
        }
        assert!(sentence.len() <= 220, "{sentence}");
    }
}

#[test]
fn every_fix_is_an_order() {
    const ORDERS: [&str; 7] = ["Ask", "Copy", "Do", "Paste", "Press", "Switch", "Wait"];
    for rule in rules().filter(|rule| rule.code.is_some()) {
        let first = rule.fix.split(' ').next();
        assert!(
            first.is_some_and(|word| ORDERS.contains(&word)),
            "{}",
            rule.fix
        );
    }
    assert!(
        rules()
            .filter(|rule| rule.code.is_none())
            .all(|rule| rule.fix.is_empty())
    );
}

fn is_one_sentence(text: &str) -> bool {
    let ends = text.matches(['.', '!', '?']).count();
    let names = text.matches("memberpass.example").count() * 2
        + text.matches("rival.example").count()
        + text.matches("serverless.tgcloud.ai").count() * 2
        + text.matches("nott.me").count();
    text.ends_with('.') && ends == names + 1 && text.starts_with(|c: char| c.is_uppercase())
}

/// The words of a sentence, without what is filled in.
fn words(sentence: &str) -> Vec<String> {
    let mut parts = sentence.split('{');
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once('}').map_or("", |(_, rest)| rest));
    std::iter::once(first)
        .chain(rest)
        .flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-'))
        .map(str::to_lowercase)
        .collect()
}
