//! What the writer has done, counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What the inbox has written since it was started, and what waits in memory. No database is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// Updates that were received and stored.
    pub stored: u64,
    /// Updates that had come before.
    pub duplicates: u64,
    /// Updates that were deleted because their bot was disconnected for longer than Telegram keeps them.
    pub expired: u64,
    /// Updates that are finished or dead letters.
    pub settled: u64,
    /// Commits that failed; what they held was tried again, or not acknowledged.
    pub failed_commits: u64,
    /// Updates that wait to be stored.
    pub waiting: usize,
    /// Updates of which the dispatcher told something that is not on disk yet.
    pub unsettled: usize,
    /// How many updates a commit stored, of those that stored any; bounds are powers of two, from 1.
    pub commit_updates: Histogram,
    /// How long commits took to reach the disk, in microseconds; bounds are powers of two, from 1.
    pub commit_us: Histogram,
    /// How long whole transactions took, in microseconds: what `commit_us` says, and before it the wait for other writers and the
    /// statements.
    pub transaction_us: Histogram,
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
    failed_commits: AtomicU64,
    commit_updates: Sizes,
    commit_us: Sizes,
    transaction_us: Sizes,
}

/// What a commit did.
pub(crate) struct Committed {
    pub(crate) stored: usize,
    pub(crate) duplicates: usize,
    pub(crate) settled: usize,
    /// How long it took to reach the disk.
    pub(crate) commit: Duration,
    /// How long the transaction took from its beginning.
    pub(crate) transaction: Duration,
}

#[derive(Default)]
struct Sizes {
    counts: [AtomicU64; PLACES],
    sum: AtomicU64,
}

impl Counters {
    pub(crate) fn committed(&self, committed: &Committed) {
        add(&self.stored, committed.stored as u64);
        add(&self.duplicates, committed.duplicates as u64);
        add(&self.settled, committed.settled as u64);
        if committed.stored > 0 {
            self.commit_updates.note(committed.stored as u64);
        }
        self.commit_us.note_us(committed.commit);
        self.transaction_us.note_us(committed.transaction);
    }

    pub(crate) fn failed(&self) {
        add(&self.failed_commits, 1);
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
            failed_commits: self.failed_commits.load(Ordering::Relaxed),
            waiting: 0,
            unsettled: 0,
            commit_updates: self.commit_updates.histogram(),
            commit_us: self.commit_us.histogram(),
            transaction_us: self.transaction_us.histogram(),
        }
    }
}

impl Sizes {
    fn note_us(&self, span: Duration) {
        self.note(u64::try_from(span.as_micros()).unwrap_or(u64::MAX));
    }

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
