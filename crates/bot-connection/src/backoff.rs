//! When to go on with what could not be ended: soon at first, then every five minutes, so that a dead token or a long
//! outage does not keep anybody busy.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clock::Clock;
use ids::ConnectionId;

/// Connections whose operation failed to end, in this process's time.
#[derive(Default)]
pub(crate) struct Backoff(Mutex<HashMap<ConnectionId, Waiting>>);

#[derive(Clone, Copy, Default)]
struct Waiting {
    failures: u32,
    /// On the clock's own count.
    until: Duration,
}

impl Backoff {
    /// Whether it is time to try again.
    pub(crate) fn is_due(&self, id: &ConnectionId, clock: &Clock) -> bool {
        self.lock()
            .get(id)
            .is_none_or(|waiting| waiting.until <= clock.elapsed())
    }

    /// It failed: the next pause is twice as long.
    pub(crate) fn failed(&self, id: &ConnectionId, clock: &Clock) {
        let mut held = self.lock();
        let waiting = held.entry(id.clone()).or_default();
        let pause = FIRST
            .saturating_mul(1 << waiting.failures.min(16))
            .min(LONGEST);
        waiting.failures = waiting.failures.saturating_add(1);
        waiting.until = waiting.until.max(clock.elapsed() + pause);
    }

    /// Telegram has asked to wait.
    pub(crate) fn not_before(&self, id: &ConnectionId, clock: &Clock, wait: Duration) {
        let mut held = self.lock();
        let waiting = held.entry(id.clone()).or_default();
        waiting.until = waiting.until.max(clock.elapsed() + wait);
    }

    /// There is nothing to wait for any more.
    pub(crate) fn forget(&self, id: &ConnectionId) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionId, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let (clock, hands) = Clock::manual();
        let (backoff, id) = (Backoff::default(), ConnectionId::from_parts(1, [1; 10]));
        assert!(backoff.is_due(&id, &clock));
        for seconds in [10, 20, 40, 80, 160, 300, 300] {
            backoff.failed(&id, &clock);
            hands.advance(Duration::from_secs(seconds - 1));
            assert!(!backoff.is_due(&id, &clock), "{seconds}");
            hands.advance(Duration::from_secs(1));
            assert!(backoff.is_due(&id, &clock), "{seconds}");
        }
        backoff.failed(&id, &clock);
        backoff.forget(&id);
        assert!(backoff.is_due(&id, &clock));
    }
}
