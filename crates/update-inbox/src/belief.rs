//! Whether the time of day is to be believed when it says that something is over: what is deleted does not come back.

use std::time::Duration;

use clock::Timestamp;

/// What is known of a clock that somebody may set.
#[derive(Default)]
pub(crate) struct Watched {
    /// What the clock showed when it began to run, as it was believed last, and how long it had run when that was new.
    believed: Option<(Timestamp, Duration)>,
    /// The same as it is set now, if that is not believed yet.
    doubted: Option<(Timestamp, Duration)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Belief {
    /// It was set a short while ago, rightly or wrongly.
    No,
    Yes,
    /// For an hour at least it was not set.
    Firm,
}

impl Watched {
    /// Whether to believe a clock that shows this, after it has run for so long.
    pub(crate) fn look(&mut self, now: Timestamp, elapsed: Duration) -> Belief {
        let began = now - elapsed;
        let since = |known: Option<(Timestamp, Duration)>| {
            known
                .filter(|(known, _)| began.since(*known).max(known.since(began)) <= SLEWED)
                .map(|(_, since)| since)
        };
        if self.believed.is_none() {
            self.believed = Some((began, elapsed));
            return Belief::Yes;
        }
        if let Some(since) = since(self.believed) {
            self.believed = Some((began, since));
            self.doubted = None;
            return match elapsed.saturating_sub(since) >= FIRM {
                true => Belief::Firm,
                false => Belief::Yes,
            };
        }
        let Some(since) = since(self.doubted) else {
            tracing::warn!(
                "the clock was set: for an hour nothing is deleted because its time is over"
            );
            self.doubted = Some((began, elapsed));
            return Belief::No;
        };
        self.doubted = Some((began, since));
        if elapsed.saturating_sub(since) < FIRM {
            return Belief::No;
        }
        self.believed = self.doubted.take();
        Belief::Firm
    }
}

/// A clock that is that far off was not set, but is slewed; or the difference is of no interest.
pub(crate) const SLEWED: Duration = Duration::from_secs(300);

/// What a clock shows for so long is right.
const FIRM: Duration = Duration::from_secs(3_600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_is_believed_after_an_hour_or_when_it_is_set_right() {
        let right = Timestamp::from_unix_seconds(1_764_000_000);
        let wrong = right + Duration::from_secs(400 * 86_400);
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let mut watched = Watched::default();
        let mut look = |began: Timestamp, at: u64| watched.look(began + minutes(at), minutes(at));
        assert_eq!(look(right, 1), Belief::Yes);
        assert_eq!(look(right, 60), Belief::Yes);
        assert_eq!(look(right, 61), Belief::Firm);
        assert_eq!(look(wrong, 62), Belief::No);
        assert_eq!(look(wrong, 63), Belief::No);
        assert_eq!(look(right, 64), Belief::Firm);
        assert_eq!(look(wrong, 65), Belief::No);
        assert_eq!(look(wrong, 124), Belief::No);
        assert_eq!(look(wrong, 125), Belief::Firm);
        assert_eq!(look(right, 126), Belief::No);
        assert_eq!(look(right, 186), Belief::Firm);
        assert_eq!(look(right + minutes(4), 187), Belief::Firm);
    }
}
