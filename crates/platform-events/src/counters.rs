use std::sync::atomic::{AtomicU64, Ordering};

/// What was done since this process began.
#[derive(Default)]
pub(crate) struct Counters {
    delivered: AtomicU64,
    failed_attempts: AtomicU64,
    dead: AtomicU64,
}

/// The counters at one moment.
pub(crate) struct Counted {
    pub(crate) delivered: u64,
    pub(crate) failed_attempts: u64,
    pub(crate) dead: u64,
}

impl Counters {
    pub(crate) fn delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failed_attempt(&self) {
        self.failed_attempts.fetch_add(1, Ordering::Relaxed);
    }

    /// Answers how many that makes.
    pub(crate) fn dead(&self, more: u64) -> u64 {
        self.dead.fetch_add(more, Ordering::Relaxed) + more
    }

    pub(crate) fn read(&self) -> Counted {
        Counted {
            delivered: self.delivered.load(Ordering::Relaxed),
            failed_attempts: self.failed_attempts.load(Ordering::Relaxed),
            dead: self.dead.load(Ordering::Relaxed),
        }
    }
}
