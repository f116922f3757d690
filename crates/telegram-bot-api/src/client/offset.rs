//! How far our clock is from the Bot API server's, as its answers say in passing.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use clock::Timestamp;
use http::HeaderMap;
use http::header::DATE;

/// How far this machine's clock is from the Bot API server's.
///
/// The server tells whole seconds, at some moment between our question and its answer, so the truth lies within
/// [`uncertainty`](Self::uncertainty) of what is said here: half a second at best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClockOffset {
    /// How far ours is ahead, in microseconds; below zero when it is behind.
    pub ahead_us: i64,
    /// How far the truth may lie from that.
    pub uncertainty: Duration,
    /// When it was observed, by our clock.
    pub observed_at: Timestamp,
}

impl ClockOffset {
    /// Whether the clocks are certainly further apart than this.
    #[must_use]
    pub fn exceeds(&self, tolerance: Duration) -> bool {
        Duration::from_micros(self.ahead_us.unsigned_abs()) > tolerance + self.uncertainty
    }

    /// Whether both can be true.
    fn agrees_with(&self, other: &Self) -> bool {
        let apart = self.ahead_us.abs_diff(other.ahead_us);
        Duration::from_micros(apart) <= self.uncertainty + other.uncertainty
    }

    /// What an answer says that took so long to come.
    fn of(theirs: Timestamp, ours: Timestamp, took: Duration) -> Self {
        // Theirs was between this second and the next when ours was between `ours - took` and `ours`.
        let uncertainty = (took + Duration::from_secs(1)) / 2;
        let latest = ours.unix_us().saturating_sub(theirs.unix_us());
        Self {
            ahead_us: latest.saturating_sub(uncertainty.as_micros() as i64),
            uncertainty,
            observed_at: ours,
        }
    }
}

/// Keeps the latest offset that is worth keeping.
#[derive(Default)]
pub(super) struct Offsets(Mutex<Known>);

#[derive(Default)]
struct Known {
    standing: Option<ClockOffset>,
    /// It says otherwise, and nothing has confirmed it yet.
    doubtful: Option<ClockOffset>,
}

/// An answer that took longer says too little: a getUpdates that waited, a network in trouble.
const LONGEST: Duration = Duration::from_secs(5);

impl Offsets {
    /// Notes what an answer's head says that came now and took so long. One without a date says nothing.
    pub(super) fn note(&self, headers: &HeaderMap, ours: Timestamp, took: Duration) {
        if took > LONGEST {
            return;
        }
        if let Some(theirs) = date(headers) {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.hear(ClockOffset::of(theirs, ours, took));
        }
    }

    pub(super) fn latest(&self) -> Option<ClockOffset> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.standing
    }
}

impl Known {
    /// The latest counts; but one that contradicts what stands must be confirmed by the next, since a single machine
    /// behind api.telegram.org may have a wrong clock.
    fn hear(&mut self, offset: ClockOffset) {
        let stands = |known: &Option<ClockOffset>| known.is_some_and(|it| it.agrees_with(&offset));
        if self.standing.is_none() || stands(&self.standing) || stands(&self.doubtful) {
            self.standing = Some(offset);
            self.doubtful = None;
        } else {
            self.doubtful = Some(offset);
        }
    }
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(DATE)?.to_str().ok()?;
    let date = httpdate::parse_http_date(text).ok()?;
    let seconds = date.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(Timestamp::from_unix_seconds(seconds.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &'static str, took_ms: u64, known: &Offsets) {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, text.parse().unwrap());
        let ours = Timestamp::from_unix_seconds(1_767_225_600);
        known.note(&headers, ours, Duration::from_millis(took_ms));
    }

    #[test]
    fn the_truth_lies_within_what_is_said() {
        let known = Offsets::default();
        said("Thu, 01 Jan 2026 00:00:00 GMT", 200, &known);
        let offset = known.latest().unwrap();
        assert_eq!(offset.ahead_us, -600_000);
        assert_eq!(offset.uncertainty, Duration::from_millis(600));
        assert!(!offset.exceeds(Duration::ZERO));
        let known = Offsets::default();
        said("Wed, 31 Dec 2025 23:59:00 GMT", 0, &known);
        let offset = known.latest().unwrap();
        assert!(offset.exceeds(Duration::from_millis(58_999)));
        assert!(!offset.exceeds(Duration::from_secs(59)));
    }

    #[test]
    fn what_contradicts_needs_a_witness_and_what_took_long_says_nothing() {
        let known = Offsets::default();
        said("Thu, 01 Jan 2026 00:00:00 GMT", 5_001, &known);
        assert_eq!(known.latest(), None);
        let ahead = || known.latest().unwrap().ahead_us;
        said("Thu, 01 Jan 2026 00:00:00 GMT", 0, &known);
        said("Thu, 01 Jan 2026 01:00:00 GMT", 0, &known);
        assert_eq!(ahead(), -500_000, "one machine with a wrong clock");
        said("Thu, 01 Jan 2026 00:00:01 GMT", 0, &known);
        assert_eq!(ahead(), -1_500_000, "the latest that agrees");
        said("Thu, 01 Jan 2026 01:00:00 GMT", 0, &known);
        said("Thu, 01 Jan 2026 01:00:01 GMT", 0, &known);
        assert_eq!(ahead(), -3_601_500_000, "our own clock was set");
    }

    #[test]
    fn garbage_says_nothing() {
        let known = Offsets::default();
        for text in ["", "now", "Thu, 01 Jan 1925 00:00:00 GMT", "1767225600"] {
            said(text, 0, &known);
        }
        known.note(
            &HeaderMap::new(),
            Timestamp::from_unix_us(0),
            Duration::ZERO,
        );
        assert_eq!(known.latest(), None);
    }
}
