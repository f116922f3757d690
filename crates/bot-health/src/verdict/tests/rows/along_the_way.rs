//! What happens between Telegram and us: our refusals, names, answers of strangers, connections.

use super::super::facts::ago;
use super::{Row, row};
use crate::verdict::VerdictCode::{Healthy, WebhookRefusedByUs, WebhookUnreachable};
use crate::verdict::facts::{Addresses, Refusal, SelfCheck};

pub(super) fn rows() -> Vec<Row> {
    [refusals(), names(), addresses(), answers(), connections()]
        .into_iter()
        .flatten()
        .collect()
}

fn refusals() -> Vec<Row> {
    vec![
        row("our disk is full", WebhookRefusedByUs, |facts| {
            facts.refusing(12, 5, Refusal::NotStored);
            facts.failing("Wrong response from the webhook: 503 Service Unavailable");
        }),
        row(
            "we asked for an hour, half an hour ago",
            WebhookRefusedByUs,
            |facts| {
                facts.refusing(12, 1_800, Refusal::Overloaded);
                facts.shown().pending = 12;
            },
        ),
        row(
            "we are overloaded, though some get in",
            WebhookRefusedByUs,
            |facts| {
                facts.refusing(4_000, 1, Refusal::Overloaded);
                facts.requests.last_accepted = Some(ago(0));
            },
        ),
        row("one refusal, and all well since", Healthy, |facts| {
            facts.refusing(1, 30, Refusal::Overloaded);
            facts.requests.last_accepted = Some(ago(29));
        }),
        row(
            "one refusal an hour ago, and nothing waits",
            Healthy,
            |facts| {
                facts.refusing(1, 3_500, Refusal::NotStored);
            },
        ),
        row("bodies come too slowly", WebhookRefusedByUs, |facts| {
            facts.refusing(3, 60, Refusal::TimedOut);
        }),
        row("something too large comes", WebhookRefusedByUs, |facts| {
            facts.refusing(3, 60, Refusal::TooLarge);
        }),
        row("something malformed comes", WebhookRefusedByUs, |facts| {
            facts.refusing(3, 60, Refusal::Malformed);
        }),
    ]
}

fn names() -> Vec<Row> {
    vec![
        row(
            "the name is not found, says Telegram",
            WebhookUnreachable,
            |facts| {
                facts.failing("Failed to resolve host: Name or service not known");
            },
        ),
        row(
            "the name is not found from here, and connections fail",
            WebhookUnreachable,
            |facts| {
                facts.failing("Connection timed out");
                facts.way().addresses = Addresses::NoSuchName;
            },
        ),
        row(
            "the name is not found from here, and nothing else is the matter",
            Healthy,
            |facts| {
                facts.way().addresses = Addresses::NoSuchName;
            },
        ),
        row("a reserved address", WebhookUnreachable, |facts| {
            facts.failing("IP address 10.0.0.1 is reserved");
        }),
    ]
}

fn addresses() -> Vec<Row> {
    vec![
        row(
            "Telegram connects elsewhere than the name leads",
            WebhookUnreachable,
            |facts| {
                facts.failing("Connection timed out");
                facts.shown().address = Some("198.51.100.9".into());
            },
        ),
        row(
            "Telegram connects to an address that is not seen here, and a proxy answers",
            WebhookUnreachable,
            |facts| {
                facts.failing("Wrong response from the webhook: 502 Bad Gateway");
                facts.shown().address = Some("198.51.100.9".into());
            },
        ),
        row(
            "Telegram connects elsewhere, and it works",
            Healthy,
            |facts| {
                facts.shown().address = Some("198.51.100.9".into());
            },
        ),
        row(
            "Telegram has not resolved the name yet",
            WebhookUnreachable,
            |facts| {
                facts.failing("Connection timed out");
                facts.shown().address = Some("<unknown>".into());
            },
        ),
        row(
            "somebody else answers at our name",
            WebhookUnreachable,
            |facts| {
                facts.failing("Wrong response from the webhook: 404 Not Found");
                facts.way().answer = SelfCheck::SomebodyElse { status: Some(404) };
            },
        ),
        row(
            "somebody else answers from inside, and updates come",
            Healthy,
            |facts| {
                facts.way().answer = SelfCheck::SomebodyElse { status: None };
            },
        ),
        row(
            "our own address cannot be reached from inside",
            Healthy,
            |facts| {
                facts.way().answer = SelfCheck::NoAnswer {
                    why: "connection refused".into(),
                };
            },
        ),
    ]
}

fn answers() -> Vec<Row> {
    let answers = [
        ("404 and no request seen: another server", "404 Not Found"),
        ("410", "410 Gone"),
        ("401", "401 Unauthorized"),
        ("403", "403 Forbidden"),
        ("302", "302 Found"),
        ("101", "101 Switching Protocols"),
        ("413", "413 Payload Too Large"),
        ("429", "429 Too Many Requests"),
        ("500 and no refusal of ours", "500 Internal Server Error"),
        ("502", "502 Bad Gateway"),
        ("503 and no refusal of ours", "503 Service Unavailable"),
        ("504", "504 Gateway Timeout"),
        ("418", "418 I'm a teapot"),
    ];
    let rows = answers.into_iter().map(|(name, answer)| {
        row(name, WebhookUnreachable, |facts| {
            facts.failing(&format!("Wrong response from the webhook: {answer}"));
        })
    });
    rows.collect()
}

fn connections() -> Vec<Row> {
    let errors = [
        ("no answer in time", "Read timeout expired"),
        ("not even the question in time", "Write timeout expired"),
        ("refused", "Connection refused"),
        ("reset", "Connection reset by peer"),
        (
            "cut within the secure connection",
            "SSL error {error:0A000126:SSL routines::unexpected eof while reading}",
        ),
        ("nobody knocked back", "Connection timed out"),
        ("no route", "No route to host"),
        ("no connection at all", "Can't connect to the webhook"),
        (
            "an answer that cannot be read",
            "Unsupported Media Type: unsupported content-encoding",
        ),
        (
            "an answer with too much in it",
            "Request Entity Too Large: too many parameters",
        ),
        (
            "an error that nobody has seen before",
            "The moon is in the wrong phase",
        ),
    ];
    let rows = errors
        .into_iter()
        .map(|(name, message)| row(name, WebhookUnreachable, |facts| facts.failing(message)));
    rows.collect()
}
