//! How often something is said that others can cause as often as they like.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts, and tells when it is time to say so: at the first, the second, the fourth and so on.
#[derive(Default)]
pub(crate) struct Milestones(AtomicU64);

impl Milestones {
    /// Counts one more, and answers how many there were if that is worth a line.
    pub(crate) fn next(&self) -> Option<u64> {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        count.is_power_of_two().then_some(count)
    }
}
