//! When a webhook may open another connection.

use std::time::Duration;

/// After this long without a success there is one connection at most.
const SILENCE: Duration = Duration::from_secs(10);

/// The rule for new connections, and what was opened under it.
#[derive(Debug)]
pub(crate) struct Growth {
    careful: Bucket,
    lively: Bucket,
    last_success: Option<Duration>,
}

impl Growth {
    pub(crate) fn new() -> Self {
        Self {
            careful: Bucket::new(1, Duration::from_secs(2)),
            lively: Bucket::new(10, Duration::from_millis(50)),
            last_success: None,
        }
    }

    pub(crate) fn succeeded(&mut self, now: Duration) {
        self.last_success = Some(now);
    }

    /// How many connections there should be for so many queues.
    pub(crate) fn wanted(&self, now: Duration, queues: usize, most: usize) -> usize {
        if self.is_lively(now) {
            queues.clamp(1, most)
        } else {
            queues.min(1)
        }
    }

    /// Takes leave to open one; else the time at which to ask again.
    pub(crate) fn open(&mut self, now: Duration) -> Result<(), Duration> {
        if self.is_lively(now) {
            self.lively.take(now)
        } else {
            self.careful.take(now)
        }
    }

    fn is_lively(&self, now: Duration) -> bool {
        self.last_success
            .is_some_and(|success| now <= success + SILENCE)
    }
}

/// So many at once, then one in each span.
#[derive(Debug)]
struct Bucket {
    burst: u32,
    span: Duration,
    /// When the bucket would be full again.
    full_at: Duration,
}

impl Bucket {
    fn new(burst: u32, span: Duration) -> Self {
        Self {
            burst,
            span,
            full_at: Duration::ZERO,
        }
    }

    fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let full_at = self.full_at.max(now) + self.span;
        let allowed_at = full_at.saturating_sub(self.span * self.burst);
        if allowed_at > now {
            return Err(allowed_at);
        }
        self.full_at = full_at;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_each_two_seconds_until_a_success_then_a_burst() {
        let mut growth = Growth::new();
        let at = Duration::from_millis;
        assert_eq!(growth.wanted(at(0), 30, 40), 1);
        assert_eq!(growth.wanted(at(0), 0, 40), 0);
        assert_eq!(growth.open(at(0)), Ok(()));
        assert_eq!(growth.open(at(1)), Err(at(2_000)));
        growth.succeeded(at(1_000));
        assert_eq!(growth.wanted(at(1_000), 30, 20), 20);
        for _ in 0..10 {
            assert_eq!(growth.open(at(1_000)), Ok(()));
        }
        assert_eq!(growth.open(at(1_000)), Err(at(1_050)));
        assert_eq!(growth.open(at(1_050)), Ok(()));
        assert_eq!(growth.wanted(at(11_001), 30, 20), 1, "silent again");
    }
}
