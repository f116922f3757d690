//! A bot's undelivered updates. They belong to its user id and outlive its token.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use clock::{Entropy, Timestamp};

use crate::kinds::QueueId;

/// Beyond these Telegram loses new updates without a trace.
const MOST_UPDATES: usize = 100_000;
const MOST_BYTES: usize = 128 << 20;

/// A larger update is never made.
const LARGEST_UPDATE: usize = 512 << 10;

/// The number at which the sequence begins again.
const LAST_ID: i64 = 2_000_000_000;

/// An update that waits.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) update_id: i64,
    pub(crate) kind: Arc<str>,
    pub(crate) queue: QueueId,
    pub(crate) expires: Timestamp,
    pub(crate) body: Bytes,
}

/// What waits, by place. Places only grow, whatever becomes of the update ids.
#[derive(Debug, Default)]
pub(crate) struct UpdateQueue {
    next_id: Option<i64>,
    next_place: u64,
    waiting: BTreeMap<u64, Pending>,
    bytes: usize,
}

impl UpdateQueue {
    /// The number that the next update gets.
    pub(crate) fn next_id(&mut self, entropy: &Entropy) -> i64 {
        let next = self.next_id.filter(|id| *id < LAST_ID);
        *self
            .next_id
            .insert(next.unwrap_or_else(|| random_id(entropy)))
    }

    /// Puts an update at the end; `false` when it is too much.
    pub(crate) fn push(&mut self, update: Pending) -> bool {
        let fits = update.body.len() <= LARGEST_UPDATE
            && self.waiting.len() < MOST_UPDATES
            && self.bytes + update.body.len() <= MOST_BYTES;
        if fits {
            self.next_id = Some(update.update_id + 1);
            self.bytes += update.body.len();
            self.waiting.insert(self.next_place, update);
            self.next_place += 1;
        }
        fits
    }

    /// The first updates at or after a place.
    pub(crate) fn from(&self, place: u64) -> impl Iterator<Item = (u64, &Pending)> {
        self.waiting
            .range(place..)
            .map(|(place, update)| (*place, update))
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn remove(&mut self, place: u64) -> Option<Pending> {
        let update = self.waiting.remove(&place)?;
        self.bytes -= update.body.len();
        Some(update)
    }

    /// Takes out whatever a test picks.
    pub(crate) fn take(&mut self, picked: impl Fn(&Pending) -> bool) -> Vec<Pending> {
        let places: Vec<u64> = self
            .waiting
            .iter()
            .filter(|(_, update)| picked(update))
            .map(|(place, _)| *place)
            .collect();
        places
            .into_iter()
            .filter_map(|place| self.remove(place))
            .collect()
    }
}

fn random_id(entropy: &Entropy) -> i64 {
    2_000_001 + i64::try_from(entropy.below(998_000_000)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(update_id: i64) -> Pending {
        Pending {
            update_id,
            kind: "message".into(),
            queue: QueueId(1),
            expires: Timestamp::from_unix_seconds(0),
            body: Bytes::from_static(b"{}"),
        }
    }

    #[test]
    fn numbers_begin_at_random_count_by_one_and_begin_anew_at_the_top() {
        let entropy = Entropy::seeded(1);
        let mut queue = UpdateQueue::default();
        let first = queue.next_id(&entropy);
        assert!((2_000_001..=1_000_000_000).contains(&first));
        assert_eq!(queue.next_id(&entropy), first, "not used, not counted");
        assert!(queue.push(update(first)));
        assert_eq!(queue.next_id(&entropy), first + 1);
        assert!(queue.push(update(LAST_ID - 1)));
        assert!(queue.next_id(&entropy) <= 1_000_000_000);
        assert_eq!(queue.take(|update| update.update_id == first).len(), 1);
        assert_eq!(queue.len(), 1);
    }
}
