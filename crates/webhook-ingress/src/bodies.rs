//! Bounds the memory of all bodies that are being read.

use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) struct Bodies {
    max_bytes: usize,
    claimed_bytes: AtomicUsize,
}

/// Room for one body, given back when dropped.
pub(crate) struct Claim<'a> {
    bodies: &'a Bodies,
    bytes: usize,
}

impl Bodies {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            claimed_bytes: AtomicUsize::new(0),
        }
    }

    /// Room for a body of at most so many bytes, if there is any left.
    pub(crate) fn claim(&self, bytes: usize) -> Option<Claim<'_>> {
        let grow = |claimed: usize| {
            let claimed = claimed.checked_add(bytes)?;
            (claimed <= self.max_bytes).then_some(claimed)
        };
        let relaxed = Ordering::Relaxed;
        self.claimed_bytes
            .fetch_update(relaxed, relaxed, grow)
            .ok()
            .map(|_| Claim {
                bodies: self,
                bytes,
            })
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.bodies
            .claimed_bytes
            .fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_given_back_can_be_claimed_again() {
        let bodies = Bodies::new(10);
        let first = bodies.claim(6).unwrap();
        assert!(bodies.claim(5).is_none());
        let _second = bodies.claim(4).unwrap();
        drop(first);
        assert!(bodies.claim(6).is_some());
        assert!(bodies.claim(usize::MAX).is_none());
    }
}
