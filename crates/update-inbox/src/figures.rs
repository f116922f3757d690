//! What the writer has done, counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What the inbox has written since it was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// Updates that were stored.
    pub stored: u64,
    /// Updates that had come before.
    pub duplicates: u64,
    /// Updates that were deleted because their bot was disconnected for longer than Telegram keeps them.
    pub expired: u64,
    /// Updates that are finished or dead letters.
    pub settled: u64,
    /// How many updates a commit stored, of those that stored any; bounds are powers of two, from 1.
    pub commit_updates: Histogram,
    /// How long commits took to reach the disk, in microseconds; bounds are powers of two, from 1.
    pub commit_us: Histogram,
}

/// How often which size: the number at place `n` counts what was at most 2 to the power of `n`, and more than the bound before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Histogram {
    /// The counts, by place; the last has no upper bound.
    pub counts: [u64; PLACES],
    /// The sum of all sizes.
    pub sum: u64,
}

/// Bounds up to 2^22: four seconds of microseconds.
const PLACES: usize = 24;

#[derive(Default)]
pub(crate) struct Counters {
    stored: AtomicU64,
    duplicates: AtomicU64,
    expired: AtomicU64,
    settled: AtomicU64,
    commit_updates: Sizes,
    commit_us: Sizes,
}

#[derive(Default)]
struct Sizes {
    counts: [AtomicU64; PLACES],
    sum: AtomicU64,
}

impl Counters {
    pub(crate) fn committed(
        &self,
        stored: usize,
        duplicates: usize,
        settled: usize,
        took: Duration,
    ) {
        add(&self.stored, stored as u64);
        add(&self.duplicates, duplicates as u64);
        add(&self.settled, settled as u64);
        if stored > 0 {
            self.commit_updates.note(stored as u64);
        }
        self.commit_us
            .note(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    pub(crate) fn expired(&self, updates: usize) {
        add(&self.expired, updates as u64);
    }

    pub(crate) fn figures(&self) -> Figures {
        Figures {
            stored: self.stored.load(Ordering::Relaxed),
            duplicates: self.duplicates.load(Ordering::Relaxed),
            expired: self.expired.load(Ordering::Relaxed),
            settled: self.settled.load(Ordering::Relaxed),
            commit_updates: self.commit_updates.histogram(),
            commit_us: self.commit_us.histogram(),
        }
    }
}

impl Sizes {
    fn note(&self, size: u64) {
        let place = size
            .saturating_sub(1)
            .checked_ilog2()
            .map_or(0, |log| log as usize + 1);
        add(&self.counts[place.min(PLACES - 1)], 1);
        add(&self.sum, size);
    }

    fn histogram(&self) -> Histogram {
        Histogram {
            counts: self
                .counts
                .each_ref()
                .map(|count| count.load(Ordering::Relaxed)),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_counts_where_it_is_at_most_the_bound() {
        let sizes = Sizes::default();
        for size in [0, 1, 2, 3, 4, 5, u64::MAX] {
            sizes.note(size);
        }
        let counts = sizes.histogram().counts;
        assert_eq!(counts[..4], [2, 1, 2, 1]);
        assert_eq!(counts[PLACES - 1], 1);
    }
}
