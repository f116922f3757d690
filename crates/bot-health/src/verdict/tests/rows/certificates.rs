//! What is wrong with certificates, and what only looks so from here.

use std::time::Duration;

use super::super::facts::{HOUR, NOW, ago};
use super::{Row, row};
use crate::verdict::VerdictCode::{Healthy, WebhookCertificate, WebhookUnreachable};
use crate::verdict::facts::ChainFault;

const VERIFY_FAILED: &str = "SSL error {error:0A000086:SSL routines::certificate verify failed}";

pub(super) fn rows() -> Vec<Row> {
    [
        certificates(),
        chains(),
        seen_from_here(),
        strange_certificates(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn certificates() -> Vec<Row> {
    vec![
        row("certificate not trusted", WebhookCertificate, |facts| {
            facts.failing(VERIFY_FAILED);
        }),
        row(
            "certificate not trusted, and it has expired",
            WebhookCertificate,
            |facts| {
                facts.failing(VERIFY_FAILED);
                facts.certificate_until(ago(HOUR));
            },
        ),
        row(
            "certificate expired, though nothing came since",
            WebhookCertificate,
            |facts| {
                facts.certificate_until(ago(HOUR));
            },
        ),
        row(
            "certificate good by a clock that is behind",
            WebhookCertificate,
            |facts| {
                facts.certificate_until(NOW + Duration::from_secs(60));
                facts.clock_offset_seconds = Some(120);
            },
        ),
    ]
}

fn chains() -> Vec<Row> {
    vec![
        row("chain incomplete", WebhookCertificate, |facts| {
            facts.failing(VERIFY_FAILED);
            facts.chain(ChainFault::Incomplete);
        }),
        row(
            "chain incomplete, and no update came yet",
            WebhookCertificate,
            |facts| {
                facts.chain(ChainFault::Incomplete);
                facts.requests.last_accepted = None;
            },
        ),
        row(
            "chain incomplete as seen from here, but updates come",
            Healthy,
            |facts| {
                facts.chain(ChainFault::Incomplete);
                facts.requests.last_accepted = Some(ago(5));
            },
        ),
        row(
            "certificate for another name",
            WebhookCertificate,
            |facts| {
                facts.failing(VERIFY_FAILED);
                facts.chain(ChainFault::WrongName);
            },
        ),
        row(
            "certificate of an unknown issuer",
            WebhookCertificate,
            |facts| {
                facts.failing(VERIFY_FAILED);
                facts.chain(ChainFault::UnknownIssuer);
            },
        ),
        row("certificate not good yet", WebhookCertificate, |facts| {
            facts.failing(VERIFY_FAILED);
            facts.chain(ChainFault::NotYetValid);
        }),
        row(
            "certificate with another fault",
            WebhookCertificate,
            |facts| {
                facts.failing(VERIFY_FAILED);
                facts.chain(ChainFault::Other);
            },
        ),
    ]
}

fn seen_from_here() -> Vec<Row> {
    vec![
        row(
            "chain incomplete as seen from here, but Telegram gets an answer",
            WebhookUnreachable,
            |facts| {
                facts.failing("Wrong response from the webhook: 502 Bad Gateway");
                facts.chain(ChainFault::Incomplete);
            },
        ),
        row(
            "another certificate as seen from here, and nobody listens to Telegram",
            WebhookUnreachable,
            |facts| {
                facts.failing("Connection refused");
                facts.certificate_of_a_router();
            },
        ),
        row(
            "another certificate as seen from here, and Telegram has no trouble",
            Healthy,
            |facts| {
                facts.certificate_of_a_router();
            },
        ),
    ]
}

fn strange_certificates() -> Vec<Row> {
    vec![
        row(
            "somebody gave Telegram a certificate",
            WebhookCertificate,
            |facts| {
                facts.failing(VERIFY_FAILED);
                facts.shown().custom_certificate = true;
            },
        ),
        row(
            "somebody gave Telegram a certificate that works",
            Healthy,
            |facts| {
                facts.shown().custom_certificate = true;
            },
        ),
        row(
            "plain text on the secure port",
            WebhookCertificate,
            |facts| {
                facts.failing("SSL error {error:0A00010B:SSL routines::wrong version number}");
            },
        ),
        row(
            "no secure connection comes about",
            WebhookCertificate,
            |facts| {
                facts.failing("Can't create an SSL connection: no shared cipher");
            },
        ),
    ]
}
