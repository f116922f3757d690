//! What is loaded for sending: one update at a time of each queue, the rest behind it, and when to try again.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use clock::{Entropy, Timestamp};

use crate::kinds::QueueId;

/// The longest that a Retry-After is obeyed.
const LONGEST_RETRY_AFTER: u32 = 3_600;

/// An update by its place in the bot's queue.
pub(crate) type Place = u64;

/// What became of an update that failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// It will be tried again.
    Later,
    /// It would have expired by then and is gone.
    Dropped,
}

/// The loaded updates.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    queues: HashMap<QueueId, VecDeque<Place>>,
    updates: BTreeMap<Place, Loaded>,
    /// The queues whose first update is not in flight, by the time it is due.
    due: BTreeSet<(Duration, QueueId)>,
}

#[derive(Debug)]
struct Loaded {
    queue: QueueId,
    expires: Timestamp,
    due: Duration,
    failures: u32,
}

impl Schedule {
    /// How many queues are loaded.
    pub(crate) fn queues(&self) -> usize {
        self.queues.len()
    }

    pub(crate) fn load(&mut self, place: Place, queue: QueueId, expires: Timestamp, now: Duration) {
        let loaded = Loaded {
            queue,
            expires,
            due: now,
            failures: 0,
        };
        self.updates.insert(place, loaded);
        let places = self.queues.entry(queue).or_default();
        places.push_back(place);
        if places.len() == 1 {
            self.due.insert((now, queue));
        }
    }

    /// When the next update is due, if one is not in flight.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Takes the update to send now; its queue rests until it is done or failed.
    pub(crate) fn take(&mut self, now: Duration) -> Option<Place> {
        let (due, queue) = *self.due.first()?;
        if due > now {
            return None;
        }
        self.due.remove(&(due, queue));
        self.queues.get(&queue)?.front().copied()
    }

    /// The update was received, or is gone: its queue goes on.
    pub(crate) fn done(&mut self, place: Place) {
        let Some(update) = self.updates.remove(&place) else {
            return;
        };
        let Some(places) = self.queues.get_mut(&update.queue) else {
            return;
        };
        places.pop_front();
        match places.front().and_then(|next| self.updates.get(next)) {
            Some(next) => {
                self.due.insert((next.due, update.queue));
            }
            None => {
                self.queues.remove(&update.queue);
            }
        }
    }

    /// The update failed. A Retry-After of 0 counts as none.
    pub(crate) fn failed(
        &mut self,
        place: Place,
        retry_after: u32,
        now: (Duration, Timestamp),
        entropy: &Entropy,
    ) -> Failed {
        let Some(update) = self.updates.get_mut(&place) else {
            return Failed::Dropped;
        };
        let delay = match retry_after.min(LONGEST_RETRY_AFTER) {
            0 => {
                update.failures += 1;
                delay_after(update.failures, entropy)
            }
            seconds => Duration::from_secs(seconds.into()),
        };
        if now.1 + delay > update.expires {
            self.done(place);
            return Failed::Dropped;
        }
        update.due = now.0 + delay;
        let due = (update.due, update.queue);
        self.due.insert(due);
        Failed::Later
    }
}

/// How long to wait after the n-th failure of an update: 0, 2, 4, 8, 16, 32, 60 to 64, then 60 to 120 seconds.
fn delay_after(failures: u32, entropy: &Entropy) -> Duration {
    match failures {
        0 | 1 => Duration::ZERO,
        2..=6 => Duration::from_secs(1 << (failures - 1)),
        7 => Duration::from_millis(60_000 + entropy.below(4_001)),
        _ => Duration::from_millis(60_000 + entropy.below(60_001)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_000_000;

    fn now(seconds: u64) -> (Duration, Timestamp) {
        let elapsed = Duration::from_secs(seconds);
        (elapsed, Timestamp::from_unix_seconds(START) + elapsed)
    }

    fn schedule(kept: u64) -> Schedule {
        let mut schedule = Schedule::default();
        for place in [1, 2] {
            schedule.load(place, QueueId(5), now(kept).1, Duration::ZERO);
        }
        schedule.load(3, QueueId(6), now(kept).1, Duration::ZERO);
        schedule
    }

    #[test]
    fn a_queue_rests_while_its_first_update_is_in_flight() {
        let mut schedule = schedule(1_000);
        assert_eq!(schedule.take(Duration::ZERO), Some(1));
        assert_eq!(schedule.take(Duration::ZERO), Some(3));
        assert_eq!(schedule.take(Duration::ZERO), None);
        schedule.done(1);
        assert_eq!(schedule.take(Duration::ZERO), Some(2));
        schedule.done(2);
        schedule.done(3);
        assert_eq!(schedule.queues(), 0);
    }

    #[test]
    fn delays_grow_as_telegrams_do() {
        let entropy = Entropy::seeded(3);
        let delays: Vec<u64> = (1..=6)
            .map(|failures| delay_after(failures, &entropy).as_secs())
            .collect();
        assert_eq!(delays, [0, 2, 4, 8, 16, 32]);
        assert!((60..=64).contains(&delay_after(7, &entropy).as_secs()));
        for failures in 8..200 {
            assert!((60..=120).contains(&delay_after(failures, &entropy).as_secs()));
        }
    }

    #[test]
    fn an_update_that_would_expire_before_the_next_attempt_is_dropped_at_once() {
        let entropy = Entropy::seeded(3);
        let mut schedule = schedule(150);
        assert_eq!(schedule.failed(1, 100, now(10), &entropy), Failed::Later);
        assert_eq!(schedule.next_due(), Some(Duration::ZERO), "the other queue");
        assert_eq!(schedule.failed(1, 151, now(10), &entropy), Failed::Dropped);
        assert_eq!(schedule.failed(3, 9_999, now(0), &entropy), Failed::Dropped);
    }

    #[test]
    fn a_retry_after_is_obeyed_up_to_an_hour() {
        let mut schedule = schedule(100_000);
        assert_eq!(schedule.take(Duration::ZERO), Some(1));
        assert_eq!(schedule.take(Duration::ZERO), Some(3));
        schedule.failed(1, 9_999, now(0), &Entropy::seeded(3));
        assert_eq!(schedule.next_due(), Some(Duration::from_secs(3_600)));
    }
}
