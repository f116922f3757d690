//! A limit over a sliding window of time, with turns handed out ahead.

use std::collections::VecDeque;
use std::time::Duration;

use super::limits::Limit;

/// When the calls of one key go out. However one lays a window of the limit's span over them, at most as many fall
/// within as the limit allows.
#[derive(Default)]
pub(super) struct Window {
    /// Turns taken, in order: those of the last span and those still to come.
    turns: VecDeque<Duration>,
}

impl Window {
    /// The earliest time from `from` on at which one more call fits.
    pub(super) fn earliest(&self, from: Duration, limit: Limit) -> Duration {
        let calls = limit.calls.max(1) as usize;
        let mut turn = from;
        let first = self
            .turns
            .partition_point(|taken| *taken + limit.span <= from);
        // As many neighbours as the limit allows, closer than the span, keep away every call less than a span from all
        // of them. The gaps so barred are in order: one pass finds the first that is open.
        for at in first..(self.turns.len() + 1).saturating_sub(calls) {
            let (oldest, newest) = (self.turns[at], self.turns[at + calls - 1]);
            let crowded = newest < oldest + limit.span;
            if crowded && newest < turn + limit.span && turn < oldest + limit.span {
                turn = oldest + limit.span;
            }
        }
        turn
    }

    pub(super) fn take(&mut self, turn: Duration) {
        let place = self.turns.partition_point(|taken| *taken <= turn);
        self.turns.insert(place, turn);
    }

    /// The last turn taken.
    pub(super) fn last(&self) -> Option<Duration> {
        self.turns.back().copied()
    }

    /// Forgets the turns that no longer matter, and says whether none is left.
    pub(super) fn forget(&mut self, now: Duration, limit: Limit) -> bool {
        let past = self
            .turns
            .partition_point(|taken| *taken + limit.span <= now);
        self.turns.drain(..past);
        self.turns.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Turns are asked for at any times, ahead and out of order; no window holds more than the limit, and no turn
        /// is later than it must be.
        #[test]
        fn no_window_holds_more_than_the_limit(
            calls in 1_u32..6,
            span in 1_u64..50,
            wishes in prop::collection::vec(0_u64..200, 1..80),
        ) {
            let limit = Limit { calls, span: Duration::from_millis(span) };
            let mut window = Window::default();
            for wish in wishes {
                let wish = Duration::from_millis(wish);
                let turn = window.earliest(wish, limit);
                let mut earlier = wish;
                while earlier < turn {
                    prop_assert!(!fits(&window, earlier, limit), "{earlier:?} was free before {turn:?}");
                    earlier += Duration::from_millis(1);
                }
                prop_assert!(fits(&window, turn, limit));
                window.take(turn);
            }
        }
    }

    fn fits(window: &Window, turn: Duration, limit: Limit) -> bool {
        let mut turns: Vec<_> = window.turns.iter().copied().chain([turn]).collect();
        turns.sort();
        turns
            .windows(limit.calls as usize + 1)
            .all(|crowd| crowd[crowd.len() - 1] - crowd[0] >= limit.span)
    }
}
