//! What came lately, counted by connection: requests that were refused, and updates whose handling failed. Bounded: those are rare,
//! and whoever is heard of last is kept.

use std::collections::HashMap;
use std::time::Duration;

use clock::Timestamp;

/// Counts by connection of what came within a span. Times are readings of [`clock::Clock::elapsed`].
pub(crate) struct Tallies {
    span: Duration,
    capacity: usize,
    counts: HashMap<u128, Tally>,
}

#[derive(Clone, Copy)]
struct Tally {
    /// The last three.
    recent: [Duration; 3],
    /// Of this span, and of the one before.
    counts: [u32; 2],
    since: Duration,
}

impl Tallies {
    pub(crate) fn new(span: Duration, capacity: usize) -> Self {
        Self {
            span,
            capacity,
            counts: HashMap::new(),
        }
    }

    /// Another one. Answers whether it is the third within this time.
    pub(crate) fn add(&mut self, connection: u128, now: Duration, within: Duration) -> bool {
        self.make_room(connection, now);
        let tally = self.counts.entry(connection).or_insert(Tally {
            recent: [Duration::ZERO; 3],
            counts: [0; 2],
            since: now,
        });
        tally.move_on(now, self.span);
        tally.counts[0] = tally.counts[0].saturating_add(1);
        let [_, second, third] = tally.recent;
        tally.recent = [second, third, now];
        tally.counts[0] + tally.counts[1] >= 3 && now.saturating_sub(second) <= within
    }

    /// How many came within the last span, or little longer ago, and when the last of them did; `None` when none came.
    pub(crate) fn lately(&mut self, connection: u128, now: Duration) -> Option<(u32, Duration)> {
        let tally = self.counts.get_mut(&connection)?;
        tally.move_on(now, self.span);
        let count = tally.counts[0].saturating_add(tally.counts[1]);
        (count > 0).then_some((count, tally.recent[2]))
    }

    /// What came is of no importance any more.
    pub(crate) fn forget(&mut self, connection: u128) {
        self.counts.remove(&connection);
    }

    fn make_room(&mut self, connection: u128, now: Duration) {
        if self.counts.len() < self.capacity || self.counts.contains_key(&connection) {
            return;
        }
        let old = now.saturating_sub(self.span);
        self.counts.retain(|_, tally| tally.recent[2] > old);
        if self.counts.len() >= self.capacity {
            let oldest = self.counts.iter().min_by_key(|(_, tally)| tally.recent[2]);
            let oldest = oldest.map(|(connection, _)| *connection);
            oldest.map(|connection| self.counts.remove(&connection));
        }
    }
}

impl Tally {
    fn move_on(&mut self, now: Duration, span: Duration) {
        let past = now.saturating_sub(self.since);
        if past >= span * 2 {
            *self = Self {
                counts: [0; 2],
                since: now,
                ..*self
            };
        } else if past >= span {
            *self = Self {
                counts: [0, self.counts[0]],
                since: self.since + span,
                ..*self
            };
        }
    }
}

/// Updates of a connection whose handling failed for good, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Streak {
    /// How many.
    pub(crate) length: u32,
    /// When the first of them failed.
    pub(crate) since: Timestamp,
    /// When the last of them failed.
    pub(crate) last: Timestamp,
    /// Why that one failed.
    pub(crate) reason: String,
}

/// Streaks of dead letters by connection.
pub(crate) struct Streaks {
    capacity: usize,
    streaks: HashMap<u128, Streak>,
}

impl Streaks {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            streaks: HashMap::new(),
        }
    }

    /// One more failed.
    pub(crate) fn failed(&mut self, connection: u128, at: Timestamp, reason: String) {
        if self.streaks.len() >= self.capacity && !self.streaks.contains_key(&connection) {
            let oldest = self.streaks.iter().min_by_key(|(_, streak)| streak.since);
            let oldest = oldest.map(|(connection, _)| *connection);
            oldest.map(|connection| self.streaks.remove(&connection));
        }
        let streak = self.streaks.entry(connection).or_insert(Streak {
            length: 0,
            since: at,
            last: at,
            reason: String::new(),
        });
        streak.length = streak.length.saturating_add(1);
        (streak.last, streak.reason) = (at, reason);
    }

    /// One was handled. Answers whether a streak ends with it.
    pub(crate) fn handled(&mut self, connection: u128) -> bool {
        !self.streaks.is_empty() && self.streaks.remove(&connection).is_some()
    }

    pub(crate) fn of(&self, connection: u128) -> Option<&Streak> {
        self.streaks.get(&connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn three_within_a_minute_are_a_burst() {
        let mut tallies = Tallies::new(MINUTE * 10, 10);
        assert!(!tallies.add(1, at(0), MINUTE));
        assert!(!tallies.add(1, at(50), MINUTE));
        assert!(!tallies.add(1, at(70), MINUTE), "the first is too long ago");
        assert!(tallies.add(1, at(100), MINUTE));
        assert!(!tallies.add(2, at(100), MINUTE));
        assert_eq!(tallies.lately(1, at(105)), Some((4, at(100))));
        assert_eq!(tallies.lately(3, at(100)), None);
        tallies.forget(1);
        assert_eq!(tallies.lately(1, at(105)), None);
    }

    #[test]
    fn what_is_long_ago_does_not_count() {
        let mut tallies = Tallies::new(MINUTE, 10);
        (0..5).for_each(|second| {
            tallies.add(1, at(second), MINUTE);
        });
        assert_eq!(tallies.lately(1, at(59)), Some((5, at(4))));
        assert_eq!(tallies.lately(1, at(110)), Some((5, at(4))));
        assert_eq!(tallies.lately(1, at(130)), None);
    }

    #[test]
    fn who_was_not_heard_of_for_long_makes_room() {
        let mut tallies = Tallies::new(MINUTE, 3);
        for connection in 0..100 {
            tallies.add(connection, at(connection as u64), MINUTE);
            assert!(tallies.counts.len() <= 3);
        }
        assert_eq!(tallies.lately(99, at(99)), Some((1, at(99))));
        let mut streaks = Streaks::new(3);
        for connection in 0..100 {
            let at = Timestamp::from_unix_seconds(connection as i64);
            streaks.failed(connection, at, String::new());
            assert!(streaks.streaks.len() <= 3);
        }
        assert!(streaks.of(99).is_some());
    }

    #[test]
    fn a_streak_ends_with_the_first_that_is_handled() {
        let (mut streaks, then) = (Streaks::new(3), Timestamp::from_unix_seconds(5));
        streaks.failed(1, then, "first".into());
        streaks.failed(1, then + MINUTE, "second".into());
        let streak = Streak {
            length: 2,
            since: then,
            last: then + MINUTE,
            reason: "second".into(),
        };
        assert_eq!(streaks.of(1), Some(&streak));
        assert!(streaks.handled(1) && !streaks.handled(1));
        assert_eq!(streaks.of(1), None);
    }
}
