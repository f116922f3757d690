//! Names requests without asking the operating system for randomness each time.

use std::sync::atomic::{AtomicU32, Ordering};

use clock::{Entropy, Timestamp};
use ids::RequestId;

pub(crate) struct RequestIds {
    /// Tells processes apart.
    seed: [u8; 6],
    /// Tells requests of a millisecond apart.
    next: AtomicU32,
}

impl RequestIds {
    pub(crate) fn new(entropy: &Entropy) -> Self {
        Self {
            seed: entropy.bytes(),
            next: AtomicU32::new(0),
        }
    }

    pub(crate) fn next(&self, at: Timestamp) -> RequestId {
        let number = self.next.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut random = [0; 10];
        random[..6].copy_from_slice(&self.seed);
        random[6..].copy_from_slice(&number);
        RequestId::from_parts(at.unix_ms(), random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_requests_of_one_moment_and_two_processes_have_different_names() {
        let at = Timestamp::from_unix_seconds(1);
        let ids = RequestIds::new(&Entropy::seeded(1));
        let first = ids.next(at);
        assert_ne!(first, ids.next(at));
        assert_ne!(first, RequestIds::new(&Entropy::seeded(2)).next(at));
    }
}
