//! How long to wait for more before a commit.

use std::time::Duration;

/// What the last commits teach about the next one.
///
/// When a commit ends, those it answered come again at about the same time. Taking the first of them at once splits them into two
/// halves that wait for each other for ever; waiting a fraction of a commit's time for as many as came before keeps them together,
/// and everyone is answered sooner. Whoever comes alone waits for nobody.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    /// How long a commit takes to reach the disk, as a moving average.
    commit: Duration,
    /// When the last one ended, on the clock that measured it.
    ended: Duration,
    /// How many may come soon.
    pub(crate) expected: usize,
}

impl Pace {
    /// Learns from a commit: how long it took, when it ended, how many it answered, and how many came meanwhile.
    pub(crate) fn learn(
        &mut self,
        took: Duration,
        ended: Duration,
        answered: usize,
        waiting: usize,
    ) {
        self.commit = if self.commit.is_zero() {
            took
        } else {
            (self.commit * 7 + took) / 8
        };
        self.ended = ended;
        self.expected = answered + waiting;
    }

    /// How long to wait for the expected number, when the first of them is here now.
    pub(crate) fn linger(&self, now: Duration) -> Duration {
        let stale = now.saturating_sub(self.ended) > self.commit;
        if self.expected <= 1 || stale || self.commit < WORTH_IT {
            return Duration::ZERO;
        }
        (self.commit * 2 / 5).min(LONGEST)
    }
}

/// On a disk that is faster than this, waking up again costs more than it gains.
const WORTH_IT: Duration = Duration::from_micros(150);

const LONGEST: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn who_comes_alone_waits_for_nobody() {
        let mut pace = Pace::default();
        assert_eq!(pace.linger(Duration::ZERO), Duration::ZERO);
        pace.learn(MS, MS, 1, 0);
        assert_eq!(pace.linger(MS), Duration::ZERO);
    }

    #[test]
    fn a_cohort_is_waited_for_a_part_of_a_commit() {
        let mut pace = Pace::default();
        pace.learn(MS, MS, 32, 32);
        assert_eq!((pace.linger(MS), pace.expected), (MS * 2 / 5, 64));
        assert_eq!(pace.linger(3 * MS), Duration::ZERO);
    }

    #[test]
    fn a_fast_disk_is_not_waited_for_and_a_slow_one_not_for_long() {
        let mut pace = Pace::default();
        pace.learn(MS / 50, MS, 32, 32);
        assert_eq!(pace.linger(MS), Duration::ZERO);
        let mut pace = Pace::default();
        pace.learn(100 * MS, MS, 32, 32);
        assert_eq!(pace.linger(MS), LONGEST);
    }
}
