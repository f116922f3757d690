//! The way from Telegram to us: whether we take what comes, and whether it gets here at all.

use clock::Timestamp;

use super::super::case::Case;
use super::super::code::VerdictCode::{WebhookCertificate, WebhookRefusedByUs, WebhookUnreachable};
use super::super::facts::{Addresses, ChainFault, Refusal, SelfCheck, ShownUrl};
use super::super::last_error::Trouble;
use super::super::rule::Rule;

pub(super) const OUR_REFUSALS: &[Rule] = &[
    Rule {
        name: "not_stored",
        code: Some(WebhookRefusedByUs),
        holds: |case| refuses(case, Refusal::NotStored),
        since: refused_at,
        sentence: "The server that runs your bot cannot save new messages, so it asks Telegram to bring them later.",
        fix: "Ask the operator to check the server's disk and database.",
    },
    Rule {
        name: "overloaded",
        code: Some(WebhookRefusedByUs),
        holds: |case| refuses(case, Refusal::Overloaded),
        since: refused_at,
        sentence: "The server that runs your bot has more to do than it can, so it asks Telegram to bring messages later.",
        fix: "Ask the operator to find out what overloads the server, or to give it more room.",
    },
    Rule {
        name: "too_slow_to_take",
        code: Some(WebhookRefusedByUs),
        holds: |case| refuses(case, Refusal::TimedOut),
        since: refused_at,
        sentence: "Messages from Telegram arrive at the server that runs your bot so slowly that it gives up waiting.",
        fix: "Ask the operator to check the network in front of the server.",
    },
    Rule {
        name: "not_understood",
        code: Some(WebhookRefusedByUs),
        holds: |case| refuses(case, Refusal::TooLarge) || refuses(case, Refusal::Malformed),
        since: refused_at,
        sentence: "The server that runs your bot does not understand some of what arrives and turns it away.",
        fix: "Ask the operator to look at the requests that were turned away, and at what stands in front of the server.",
    },
];

pub(super) const CERTIFICATE: &[Rule] = &[
    Rule {
        name: "outdated_address",
        code: Some(WebhookUnreachable),
        holds: |case| case.url() == Some(&ShownUrl::OursOutdated) && case.is_troubled(),
        since: error_at,
        sentence: "Telegram still sends this bot's messages to an earlier address of the server that runs it.",
        fix: "Press Reconnect.",
    },
    Rule {
        name: "strange_certificate",
        code: Some(WebhookCertificate),
        holds: |case| {
            let strange = case
                .ours()
                .is_some_and(|webhook| webhook.custom_certificate);
            strange && (is(case, Trouble::Certificate) || is(case, Trouble::NotSecure))
        },
        since: error_at,
        sentence: "Somebody has told Telegram to trust another proof of identity than that of the server that runs your bot.",
        fix: "Press Reconnect.",
    },
    Rule {
        name: "certificate_expired",
        code: Some(WebhookCertificate),
        holds: |case| {
            case.certificate()
                .is_some_and(|one| one.not_after < case.true_now())
        },
        since: |case| Some(case.by_our_clock(case.certificate()?.not_after)),
        sentence: "Telegram does not trust the server that runs your bot, because its proof of identity ran out on {expiry}.",
        fix: "Ask the operator to renew the certificate of {host}.",
    },
    Rule {
        name: "chain_incomplete",
        code: Some(WebhookCertificate),
        holds: |case| case.chain_fault() == Some(ChainFault::Incomplete),
        since: looked_at,
        sentence: "Telegram does not trust the server that runs your bot, because a part of its proof of identity is missing.",
        fix: "Ask the operator to install the certificate of {host} together with its intermediate certificates.",
    },
    Rule {
        name: "certificate_for_another_name",
        code: Some(WebhookCertificate),
        holds: |case| case.chain_fault() == Some(ChainFault::WrongName),
        since: looked_at,
        sentence: "Telegram does not trust the server that runs your bot, because its proof of identity is for another name.",
        fix: "Ask the operator to install a certificate that is for {host}.",
    },
    Rule {
        name: "certificate_not_trusted",
        code: Some(WebhookCertificate),
        holds: |case| case.chain_fault().is_some() || is(case, Trouble::Certificate),
        since: |case| error_at(case).or_else(|| looked_at(case)),
        sentence: "Telegram does not trust the proof of identity of the server that runs your bot{tried}.",
        fix: "Ask the operator to install a valid certificate for {host}, complete with its intermediate certificates.",
    },
    Rule {
        name: "not_secure",
        code: Some(WebhookCertificate),
        holds: |case| is(case, Trouble::NotSecure),
        since: error_at,
        sentence: "Telegram and the server that runs your bot cannot agree on how to talk safely{tried}.",
        fix: "Ask the operator to check the TLS settings of what answers at {host}.",
    },
];

pub(super) const NAME: &[Rule] = &[
    Rule {
        name: "no_such_name",
        code: Some(WebhookUnreachable),
        holds: |case| is(case, Trouble::NoSuchName) || (case.is_troubled() && has_no_name(case)),
        since: error_at,
        sentence: "The name of the server that runs your bot cannot be found on the internet any more{tried}.",
        fix: "Ask the operator to restore the DNS entry of {host}.",
    },
    Rule {
        name: "unusable_address",
        code: Some(WebhookUnreachable),
        holds: |case| is(case, Trouble::UnusableAddress),
        since: error_at,
        sentence: "The server that runs your bot is at a place to which Telegram does not go{tried}.",
        fix: "Ask the operator to give {host} a public IPv4 address in DNS.",
    },
    Rule {
        name: "name_leads_elsewhere",
        code: Some(WebhookUnreachable),
        // Who answers with anything but "not found" stands on the right way: a name may have more addresses than are seen here.
        holds: |case| {
            let is_lost = case.answered().is_none_or(|status| status == 404);
            case.error.is_some() && is_lost && case.name_leads_elsewhere()
        },
        since: error_at,
        sentence: "Telegram looks for the server that runs your bot at a place where it is not{tried}.",
        fix: "Ask the operator to check where {host} leads in DNS, and press Reconnect an hour after it was put right.",
    },
    Rule {
        name: "somebody_else_answers",
        code: Some(WebhookUnreachable),
        holds: |case| {
            let answer = case.endpoint().map(|endpoint| &endpoint.answer);
            case.is_troubled() && matches!(answer, Some(SelfCheck::SomebodyElse { .. }))
        },
        since: error_at,
        sentence: "Messages for this bot end up at another server than the one that runs it{tried}.",
        fix: "Ask the operator to check where {host} leads, in DNS and in the proxy in front of the server.",
    },
];

pub(super) const ANSWERS: &[Rule] = &[
    Rule {
        name: "answered_not_found",
        code: Some(WebhookUnreachable),
        holds: |case| matches!(case.answered(), Some(404 | 405 | 410)),
        since: error_at,
        sentence: "Telegram reaches a server, but not the one that runs your bot{tried}.",
        fix: "Ask the operator to check where {host} leads, in DNS and in the proxy in front of the server, and then press Reconnect.",
    },
    Rule {
        name: "answered_barred",
        code: Some(WebhookUnreachable),
        holds: |case| matches!(case.answered(), Some(401 | 402 | 403 | 407 | 451)),
        since: error_at,
        sentence: "Something in front of the server that runs your bot does not let Telegram in{tried}.",
        fix: "Ask the operator to let Telegram pass the firewall or login in front of {host}.",
    },
    Rule {
        name: "answered_moved",
        code: Some(WebhookUnreachable),
        holds: |case| matches!(case.answered(), Some(..=199 | 300..=399)),
        since: error_at,
        sentence: "Something in front of the server that runs your bot sends Telegram elsewhere, where it does not follow{tried}.",
        fix: "Ask the operator to remove the redirect in front of {host}.",
    },
    Rule {
        name: "answered_too_large",
        code: Some(WebhookUnreachable),
        holds: |case| case.answered() == Some(413),
        since: error_at,
        sentence: "Something in front of the server that runs your bot does not let long messages through{tried}.",
        fix: "Ask the operator to allow requests of one megabyte in the proxy in front of {host}.",
    },
    Rule {
        name: "answered_too_many",
        code: Some(WebhookUnreachable),
        holds: |case| case.answered() == Some(429),
        since: error_at,
        sentence: "Something in front of the server that runs your bot lets only a part of its messages through{tried}.",
        fix: "Ask the operator to exempt Telegram from the request limit in front of {host}.",
    },
    Rule {
        name: "answered_too_late",
        code: Some(WebhookUnreachable),
        holds: |case| is(case, Trouble::Slow) || matches!(case.answered(), Some(408 | 504 | 524)),
        since: error_at,
        sentence: "The server that runs your bot takes too long to answer Telegram{tried}.",
        fix: "Ask the operator to check how busy the server and the way to {host} are.",
    },
    Rule {
        name: "answered_broken",
        code: Some(WebhookUnreachable),
        holds: |case| matches!(case.answered(), Some(500..=599)),
        since: error_at,
        sentence: "The server that runs your bot is switched off or out of order{tried}.",
        fix: "Ask the operator to check that the server runs, and that the proxy in front of {host} reaches it.",
    },
    Rule {
        name: "answered_strangely",
        code: Some(WebhookUnreachable),
        holds: |case| case.answered().is_some() || is(case, Trouble::Unreadable),
        since: error_at,
        sentence: "Telegram gets an answer that it does not understand from where your bot should be{tried}.",
        fix: "Ask the operator to check what answers at {host}.",
    },
];

pub(super) const CONNECTION: &[Rule] = &[
    Rule {
        name: "connection_refused",
        code: Some(WebhookUnreachable),
        holds: |case| is(case, Trouble::Refused),
        since: error_at,
        sentence: "Nobody answers Telegram at the place where your bot should be{tried}.",
        fix: "Ask the operator to start the server, or to open its port to Telegram at {host}.",
    },
    Rule {
        name: "no_way",
        code: Some(WebhookUnreachable),
        holds: |case| is(case, Trouble::NoWay),
        since: error_at,
        sentence: "Telegram finds no way to the server that runs your bot{tried}.",
        fix: "Ask the operator to check the server's network, and that the firewall of {host} lets Telegram in.",
    },
    Rule {
        name: "connection_cut",
        code: Some(WebhookUnreachable),
        holds: |case| is(case, Trouble::Cut),
        since: error_at,
        sentence: "The connection between Telegram and the server that runs your bot breaks off{tried}.",
        fix: "Ask the operator to check the server, and the proxy and network in front of {host}.",
    },
    Rule {
        name: "not_delivered",
        code: Some(WebhookUnreachable),
        holds: |case| case.error.is_some(),
        since: error_at,
        sentence: "Telegram cannot bring this bot's messages to the server that runs it{tried}.",
        fix: "Ask the operator to look at what Telegram says about it, and to check {host}.",
    },
];

fn is(case: &Case<'_>, trouble: Trouble) -> bool {
    case.trouble() == Some(trouble)
}

fn refuses(case: &Case<'_>, refusal: Refusal) -> bool {
    case.refusals().is_some_and(|(_, why)| why == refusal)
}

fn refused_at(case: &Case<'_>) -> Option<Timestamp> {
    case.refusals().map(|(lately, _)| lately.last)
}

fn has_no_name(case: &Case<'_>) -> bool {
    let addresses = case.endpoint().map(|endpoint| &endpoint.addresses);
    addresses == Some(&Addresses::NoSuchName)
}

fn error_at(case: &Case<'_>) -> Option<Timestamp> {
    case.error.map(|(at, _)| at)
}

fn looked_at(case: &Case<'_>) -> Option<Timestamp> {
    case.endpoint().map(|endpoint| endpoint.checked_at)
}
