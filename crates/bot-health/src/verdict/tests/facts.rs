//! A bot with which nothing is the matter, and what can be the matter with it.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use clock::Timestamp;

use crate::verdict::facts::{
    Addresses, Certificate, ChainFault, Endpoint, Facts, Lately, Refusal, SelfCheck, ShownUrl,
    Token, Webhook,
};

pub(super) const HOUR: u64 = 3_600;
pub(super) const DAY: u64 = 24 * HOUR;

/// 24 November 2026, 04:00 UTC.
pub(super) const NOW: Timestamp = Timestamp::from_unix_seconds(1_795_492_800);

pub(super) fn ago(seconds: u64) -> Timestamp {
    NOW - Duration::from_secs(seconds)
}

pub(super) fn lately(count: u64, seconds_ago: u64) -> Lately {
    Lately {
        count,
        last: ago(seconds_ago),
    }
}

/// Connected two days ago, last heard of three hours ago, and looked at from here a minute ago.
pub(super) fn well() -> Facts {
    let mut facts = Facts::new(NOW);
    facts.record.since = Some(ago(2 * DAY));
    facts.record.registered_at = Some(ago(2 * DAY));
    facts.token = Token::Works;
    facts.webhook = Some(Webhook {
        address: Some("203.0.113.7".into()),
        max_connections: Some(40),
        ..Webhook::ours()
    });
    facts.requests.last_accepted = Some(ago(3 * HOUR));
    facts.clock_offset_seconds = Some(0);
    facts.endpoint = Some(Endpoint {
        checked_at: ago(60),
        host: "bots.memberpass.example".into(),
        addresses: Addresses::Known(vec![IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7))]),
        certificate: Some(Certificate {
            not_after: NOW + Duration::from_secs(60 * DAY),
            fault: None,
        }),
        answer: SelfCheck::Us,
    });
    facts
}

impl Facts {
    pub(super) fn shown(&mut self) -> &mut Webhook {
        self.webhook.get_or_insert_with(Webhook::ours)
    }

    pub(super) fn way(&mut self) -> &mut Endpoint {
        self.endpoint.as_mut().expect("a well bot's way is seen")
    }

    /// Telegram shows an error of a minute and a half ago, and updates wait.
    pub(super) fn failing(&mut self, message: &str) {
        self.shown().pending = 3;
        self.shown().last_error = Some((ago(90), message.into()));
    }

    pub(super) fn unanswered(&mut self, token: Token) {
        self.token = token;
        self.webhook = None;
    }

    pub(super) fn refused_by_telegram(&mut self, since: Option<Timestamp>) {
        self.unanswered(Token::Unauthorized { since });
    }

    pub(super) fn at_rival(&mut self, host: &str) {
        self.shown().url = ShownUrl::Elsewhere { host: host.into() };
    }

    pub(super) fn refusing(&mut self, count: u64, seconds_ago: u64, why: Refusal) {
        self.requests.refused = Some((lately(count, seconds_ago), why));
    }

    pub(super) fn certificate_until(&mut self, not_after: Timestamp) {
        self.way().certificate = Some(Certificate {
            not_after,
            fault: None,
        });
    }

    pub(super) fn chain(&mut self, fault: ChainFault) {
        let certificate = self.way().certificate.as_mut();
        certificate.expect("a well bot's certificate is seen").fault = Some(fault);
    }

    /// Self-signed, and expired since long.
    pub(super) fn certificate_of_a_router(&mut self) {
        self.certificate_until(ago(900 * DAY));
        self.chain(ChainFault::UnknownIssuer);
    }

    pub(super) fn handlers_failed(&mut self, times: u64, first: u64, last: u64) {
        self.handlers.failures_in_row = times;
        self.handlers.failing_since = Some(ago(first));
        self.handlers.last_failed_at = Some(ago(last));
        self.handlers.last_reason = Some("no answer within 15s".into());
    }
}
