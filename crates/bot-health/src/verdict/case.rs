//! Facts, put in order: Telegram's times told by our clock, and what counts parted from what is long past.

use std::net::IpAddr;
use std::time::Duration;

use clock::Timestamp;

use super::facts::{
    Addresses, Certificate, ChainFault, Endpoint, Facts, Lately, RecordStatus, Refusal, ShownUrl,
    Token, Webhook,
};
use super::last_error::{self, Trouble};

const MINUTE: Duration = Duration::from_secs(60);
/// Telegram tries a refused update again sooner than that, at first.
const MOMENT: Duration = Duration::from_secs(10);
/// What was seen this long ago, and was not followed by better news, still counts by itself. Telegram repeats a failed request
/// after at most two minutes, and the sweep comes by every hour.
const RECENT: Duration = Duration::from_secs(10 * 60);
/// Telegram asks again at the latest after this, where we asked for time; what happened to handlers counts as long.
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Updates that wait at Telegram while nothing arrives for this long are not just under way.
const QUIET: Duration = Duration::from_secs(5 * 60);
/// Telegram tells times in whole seconds, and its clock is known to about one: what it tells must be this much later than what
/// we saw to be later at all. The first repetition of a failed request is immediate, so that the two are often close.
const TELEGRAMS_GRAIN: Duration = Duration::from_secs(2);
/// So many refusals are many, whatever else was accepted.
const BURST: u64 = 20;

/// What the rules ask.
pub(crate) struct Case<'a> {
    pub(crate) facts: &'a Facts,
    /// The last error, when it counts, and its time by our clock.
    pub(crate) error: Option<(Timestamp, Trouble)>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(facts: &'a Facts) -> Self {
        let mut case = Self { facts, error: None };
        case.error = case.standing_error();
        case
    }

    /// A time that Telegram told, by our clock.
    pub(crate) fn by_our_clock(&self, theirs: Timestamp) -> Timestamp {
        shifted(theirs, self.offset().saturating_neg())
    }

    /// The time of the world, which certificates go by. Telegram's clock is right.
    pub(crate) fn true_now(&self) -> Timestamp {
        shifted(self.facts.now, self.offset())
    }

    pub(crate) fn age(&self, then: Timestamp) -> Duration {
        self.facts.now.since(then)
    }

    pub(crate) fn is_recent(&self, then: Timestamp) -> bool {
        self.age(then) <= RECENT
    }

    /// Whether a time is known, and this long ago.
    pub(crate) fn has_lasted(&self, since: Option<Timestamp>, span: Duration) -> bool {
        since.is_some_and(|since| self.age(since) >= span)
    }

    pub(crate) fn is_active(&self) -> bool {
        self.facts.record.status == RecordStatus::Active
    }

    pub(crate) fn url(&self) -> Option<&'a ShownUrl> {
        self.facts.webhook.as_ref().map(|webhook| &webhook.url)
    }

    pub(crate) fn rival(&self) -> Option<&'a str> {
        match self.url()? {
            ShownUrl::Elsewhere { host } => Some(host),
            _ => None,
        }
    }

    /// What Telegram shows, when the webhook is ours, be it of an earlier registration.
    pub(crate) fn ours(&self) -> Option<&'a Webhook> {
        let webhook = self.facts.webhook.as_ref()?;
        matches!(webhook.url, ShownUrl::Ours | ShownUrl::OursOutdated).then_some(webhook)
    }

    pub(crate) fn token_is_unknown(&self) -> bool {
        matches!(
            self.facts.token,
            Token::RateLimited { .. } | Token::Unavailable { .. } | Token::NotAsked
        )
    }

    /// Whether this is later than anything that proves that all was well: an accepted request, a registration.
    pub(crate) fn is_unrefuted(&self, then: Timestamp) -> bool {
        [
            self.facts.requests.last_accepted,
            self.facts.record.registered_at,
        ]
        .into_iter()
        .flatten()
        .all(|proof| proof < then)
    }

    /// Since when nothing has come, when that is known: the later of the last accepted request and the registration.
    pub(crate) fn quiet_since(&self) -> Option<Timestamp> {
        let (requests, record) = (&self.facts.requests, &self.facts.record);
        requests.last_accepted.max(record.registered_at)
    }

    fn is_quiet_for(&self, span: Duration) -> bool {
        self.has_lasted(self.quiet_since(), span)
    }

    /// Whether updates wait at Telegram while nothing arrives.
    pub(crate) fn has_backlog(&self) -> bool {
        self.pending() > 0 && self.is_quiet_for(QUIET)
    }

    /// Whether Telegram has trouble with delivering, whatever it is.
    pub(crate) fn is_troubled(&self) -> bool {
        self.error.is_some() || self.has_backlog()
    }

    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.error.map(|(_, trouble)| trouble)
    }

    /// The status of the answer with which a delivery failed.
    pub(crate) fn answered(&self) -> Option<u16> {
        match self.trouble()? {
            Trouble::Answer(status) => Some(status),
            _ => None,
        }
    }

    /// Requests without our secret that Telegram itself makes. It shows an error after each; a stranger who knows the address
    /// leaves none, unless something is wrong at the same time.
    pub(crate) fn wrong_secret(&self) -> Option<Lately> {
        let wrong = self.facts.requests.wrong_secret?;
        self.ours()?;
        let telegram_sees_it = self.answered().is_some_and(|status| status / 100 == 4)
            || (wrong.count >= 3 && self.pending() > 0 && self.is_quiet_for(MINUTE));
        (telegram_sees_it && self.is_unrefuted(wrong.last)).then_some(wrong)
    }

    /// Requests that we refused although Telegram made them as it should, when they are what came last, or very many a moment ago: others
    /// are accepted between them, and an outage that is over is not one that goes on.
    pub(crate) fn refusals(&self) -> Option<(Lately, Refusal)> {
        let (lately, why) = self.facts.requests.refused?;
        let is_last = self.is_unrefuted(lately.last)
            && (self.is_recent(lately.last) || self.is_failing_with_500() || self.pending() > 0);
        let is_burst = lately.count >= BURST && self.age(lately.last) <= MOMENT;
        (is_last || is_burst).then_some((lately, why))
    }

    /// When Telegram last had trouble with itself, if that is not past.
    pub(crate) fn synchronization_error(&self) -> Option<Timestamp> {
        let theirs = self.facts.webhook.as_ref()?.synchronization_error?;
        let at = self.by_our_clock(theirs);
        (self.is_recent(at) && self.is_unrefuted(at - TELEGRAMS_GRAIN)).then_some(at)
    }

    /// What is seen of the way to us, unless an update has come by it since.
    pub(crate) fn endpoint(&self) -> Option<&'a Endpoint> {
        let endpoint = self.facts.endpoint.as_ref()?;
        let refuted = self.facts.requests.last_accepted >= Some(endpoint.checked_at);
        (!refuted).then_some(endpoint)
    }

    /// The certificate by whose age one can go: one that is ours, as far as can be told.
    pub(crate) fn certificate(&self) -> Option<Certificate> {
        let certificate = self.facts.endpoint.as_ref()?.certificate?;
        self.is_believable(certificate).then_some(certificate)
    }

    /// What is wrong with the certificate apart from its age, unless an update has come in spite of it.
    pub(crate) fn chain_fault(&self) -> Option<ChainFault> {
        let certificate = self.endpoint()?.certificate?;
        let fault = certificate.fault?;
        self.is_believable(certificate).then_some(fault)
    }

    /// Whether Telegram sees this certificate too. Not when it gets an answer; and from inside a network our name may lead to a
    /// router with a certificate of its own, so that one for another name, or of an issuer that nobody knows, is believed only when
    /// Telegram's trouble may come of it.
    fn is_believable(&self, certificate: Certificate) -> bool {
        let trouble = self.trouble();
        match certificate.fault {
            None => true,
            Some(ChainFault::Incomplete) => {
                !matches!(trouble, Some(Trouble::Answer(_) | Trouble::Unreadable))
            }
            Some(_) => match trouble {
                Some(trouble) => matches!(
                    trouble,
                    Trouble::Certificate | Trouble::NotSecure | Trouble::Cut
                ),
                None => self.has_backlog(),
            },
        }
    }

    /// Whether Telegram connects to an address to which our name does not lead.
    pub(crate) fn name_leads_elsewhere(&self) -> bool {
        let telegrams = self.facts.webhook.as_ref().and_then(|webhook| {
            let address: &str = webhook.address.as_deref()?;
            address.parse::<IpAddr>().ok()
        });
        match (
            telegrams,
            self.endpoint().map(|endpoint| &endpoint.addresses),
        ) {
            (Some(telegrams), Some(Addresses::Known(ours))) => {
                !ours.is_empty() && !ours.contains(&telegrams)
            }
            _ => false,
        }
    }

    /// Whether handling failed so often in a row that it is no accident, and not too long ago.
    pub(crate) fn handlers_fail(&self) -> bool {
        let handlers = &self.facts.handlers;
        let is_past = self.has_lasted(handlers.last_failed_at, HOUR + Duration::from_micros(1));
        handlers.failures_in_row.max(handlers.dead_letters_in_row) >= 3 && !is_past
    }

    fn pending(&self) -> u64 {
        self.facts
            .webhook
            .as_ref()
            .map_or(0, |webhook| webhook.pending)
    }

    fn is_failing_with_500(&self) -> bool {
        self.answered().is_some_and(|status| status / 100 == 5)
    }

    fn offset(&self) -> i64 {
        self.facts.clock_offset_seconds.unwrap_or(0)
    }

    /// The last error, unless it is past. Telegram never clears it, so that it is past when a request was accepted or the webhook
    /// registered since, or when it is long ago and nothing waits.
    fn standing_error(&self) -> Option<(Timestamp, Trouble)> {
        let webhook = self.ours()?;
        let (theirs, message) = webhook.last_error.as_ref()?;
        let at = self.by_our_clock(*theirs);
        let is_last = self.is_unrefuted(at - TELEGRAMS_GRAIN);
        let counts = is_last && (self.is_recent(at) || webhook.pending > 0);
        counts.then(|| (at, last_error::read(message)))
    }
}

fn shifted(time: Timestamp, seconds: i64) -> Timestamp {
    let span = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        time - span
    } else {
        time + span
    }
}
