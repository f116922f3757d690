//! How the sweep spreads its inspections: evenly over a round, never faster than its rate, never all at once after a start.
//! Nothing here waits or asks.

use std::time::Duration;

/// What the sweep may spend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The least time between two inspections.
    pub(crate) shortest: Duration,
    /// How long a round takes where there is time.
    pub(crate) round: Duration,
}

/// One round over all connections: a slot of time for each. Times are readings of [`clock::Clock::elapsed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Round {
    /// How many connections it should have: those of the round before.
    pub(crate) expected: u64,
    /// How many it has had.
    pub(crate) visited: u64,
    /// How many it had had when its slots began: more than none after a restart.
    from: u64,
    began: Duration,
    slot: Duration,
}

impl Round {
    /// A round that begins now, or goes on now after a restart.
    pub(crate) fn going_on(pace: &Pace, expected: u64, visited: u64, now: Duration) -> Self {
        Self {
            expected,
            visited,
            from: visited,
            began: now,
            slot: pace.round.div_f64(expected.max(1) as f64),
        }
    }

    /// The round after this one. Where this one was as expected, whoever is early in it is early in the next.
    pub(crate) fn next(&self, pace: &Pace, now: Duration) -> Self {
        let was_as_expected = self.visited == self.expected;
        let begins = if was_as_expected { self.ends() } else { now };
        Self::going_on(pace, self.visited, 0, begins.max(now))
    }

    /// How long to wait before the next inspection: until about the middle of its slot. `jitter` is a number below 1.
    pub(crate) fn wait(&self, pace: &Pace, now: Duration, jitter: f64) -> Duration {
        if self.visited >= self.expected {
            // More than there were the last time: they came since.
            return pace.shortest;
        }
        let slots = self.visited.saturating_sub(self.from) as f64 + 0.25 + jitter / 2.0;
        let due = self.began + self.slot.mul_f64(slots);
        due.saturating_sub(now).max(pace.shortest)
    }

    fn ends(&self) -> Duration {
        let slots = self.expected.saturating_sub(self.from);
        self.began + self.slot.mul_f64(slots as f64)
    }
}

#[cfg(test)]
mod tests {
    use clock::Entropy;

    use super::*;

    const PACE: Pace = Pace {
        shortest: Duration::from_micros(1_000_000 / 30),
        round: Duration::from_secs(40 * 60),
    };

    /// When each of so many bots is visited, over some rounds.
    fn visits(bots: usize, rounds: usize, mut round: Round) -> Vec<Vec<Duration>> {
        let (entropy, mut now) = (Entropy::seeded(5), Duration::ZERO);
        let mut visits = vec![Vec::new(); bots];
        for _ in 0..rounds {
            for visited in &mut visits {
                now += round.wait(&PACE, now, entropy.below(1_000) as f64 / 1_000.0);
                visited.push(now);
                round.visited += 1;
            }
            round = round.next(&PACE, now);
        }
        visits
    }

    fn assert_within_an_hour(visits: &[Vec<Duration>]) {
        for visited in visits {
            for pair in visited.windows(2) {
                let gap = pair[1] - pair[0];
                assert!(gap <= Duration::from_secs(3_600), "{gap:?}");
            }
        }
    }

    #[test]
    fn a_hundred_thousand_bots_fit_into_an_hour_at_thirty_a_second() {
        let first = Round::going_on(&PACE, 100_000, 0, Duration::ZERO);
        let visits = visits(100_000, 3, first);
        assert_within_an_hour(&visits);
        let mut all: Vec<_> = visits.into_iter().flatten().collect();
        all.sort_unstable();
        for second in all.windows(31) {
            let span = second[30] - second[0];
            assert!(span >= Duration::from_millis(999), "{span:?}");
        }
        assert!(
            all[99_999] <= Duration::from_secs(3_600),
            "{:?}",
            all[99_999]
        );
    }

    #[test]
    fn few_bots_are_spread_over_the_round_and_not_visited_at_the_start() {
        for bots in [1, 2, 7, 100, 5_000] {
            let first = Round::going_on(&PACE, bots as u64, 0, Duration::ZERO);
            let visits = visits(bots, 4, first);
            assert_within_an_hour(&visits);
            let least = PACE.round / bots as u32 / 2;
            assert!(visits[0][0] >= least, "{bots}");
            let last = visits[bots - 1][0];
            assert!(
                last <= PACE.round && last >= PACE.round / 3,
                "{bots} {last:?}"
            );
        }
    }

    #[test]
    fn a_round_that_a_restart_interrupted_keeps_its_pace() {
        let now = Duration::from_secs(7);
        let round = Round::going_on(&PACE, 1_000, 500, now);
        let wait = round.wait(&PACE, now, 0.5);
        assert_eq!(wait, PACE.round / 2_000);
        let unknown = Round::going_on(&PACE, 0, 0, now);
        assert_eq!(unknown.wait(&PACE, now, 0.0), PACE.shortest);
    }

    #[test]
    fn bots_that_came_since_the_last_round_are_visited_at_the_rate() {
        let mut round = Round::going_on(&PACE, 2, 0, Duration::ZERO);
        round.visited = 2;
        assert_eq!(round.wait(&PACE, Duration::ZERO, 0.5), PACE.shortest);
    }
}
