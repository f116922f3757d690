//! The clock that a test turns by hand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::Timestamp;

/// The hands of a manual clock. It begins on 2026-01-01 at midnight, UTC.
#[derive(Clone)]
pub struct ManualClock(Arc<Face>);

impl ManualClock {
    pub(crate) fn new(face: Arc<Face>) -> Self {
        Self(face)
    }

    /// Moves the clock forward and wakes whoever has slept long enough.
    pub fn advance(&self, span: Duration) {
        self.0.lock().elapsed += span;
        self.0.changed.notify_waiters();
    }

    /// Moves the clock to the moment at which the next sleeper wakes, and answers by how much; `None` when nobody sleeps.
    pub fn advance_to_next(&self) -> Option<Duration> {
        let mut hands = self.0.lock();
        let next = hands.alarms.iter().min().copied()?;
        let span = next.saturating_sub(hands.elapsed);
        hands.elapsed += span;
        drop(hands);
        self.0.changed.notify_waiters();
        Some(span)
    }

    /// Sets the time of day alone, as an administrator would: what is measured and waited for is not moved.
    pub fn set(&self, time: Timestamp) {
        let mut hands = self.0.lock();
        hands.began = time - hands.elapsed;
    }

    /// Waits until everybody whose time has come has woken: after [`advance`](Self::advance) they are only about to.
    pub async fn woken(&self) {
        loop {
            let mut changed = std::pin::pin!(self.0.changed.notified());
            changed.as_mut().enable();
            {
                let hands = self.0.lock();
                if hands.alarms.iter().all(|due| *due > hands.elapsed) {
                    return;
                }
            }
            changed.await;
        }
    }

    /// Waits until at least so many tasks sleep on this clock.
    pub async fn sleepers(&self, count: usize) {
        loop {
            let changed = self.0.changed.notified();
            if self.0.lock().alarms.len() >= count {
                return;
            }
            changed.await;
        }
    }
}

pub(crate) struct Face {
    hands: Mutex<Hands>,
    changed: Notify,
}

struct Hands {
    began: Timestamp,
    elapsed: Duration,
    /// When each task that sleeps wants to wake.
    alarms: Vec<Duration>,
}

impl Face {
    pub(crate) fn new() -> Self {
        let began = Timestamp::from_unix_seconds(1_767_225_600);
        Self {
            hands: Mutex::new(Hands {
                began,
                elapsed: Duration::ZERO,
                alarms: Vec::new(),
            }),
            changed: Notify::new(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let hands = self.lock();
        hands.began + hands.elapsed
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.lock().elapsed
    }

    pub(crate) async fn sleep(&self, span: Duration) {
        let due = self.elapsed().saturating_add(span);
        let _alarm = Alarm::set(self, due);
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.elapsed() >= due {
                return;
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Hands> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sleeper's entry in the list, taken out again when it wakes or is dropped.
struct Alarm<'a>(&'a Face, Duration);

impl<'a> Alarm<'a> {
    fn set(face: &'a Face, due: Duration) -> Self {
        face.lock().alarms.push(due);
        face.changed.notify_waiters();
        Self(face, due)
    }
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        let mut hands = self.0.lock();
        if let Some(place) = hands.alarms.iter().position(|due| *due == self.1) {
            hands.alarms.swap_remove(place);
        }
        drop(hands);
        self.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, Elapsed};

    #[tokio::test]
    async fn a_sleeper_wakes_when_its_time_has_come_and_not_before() {
        let (clock, hands) = Clock::manual();
        let nap = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(10)).await }
        });
        hands.sleepers(1).await;
        hands.advance(Duration::from_secs(9));
        tokio::task::yield_now().await;
        assert!(!nap.is_finished());
        assert_eq!(hands.advance_to_next(), Some(Duration::from_secs(1)));
        nap.await.unwrap();
        assert_eq!(hands.advance_to_next(), None);
    }

    #[tokio::test]
    async fn whose_time_has_come_is_waited_for() {
        let (clock, hands) = Clock::manual();
        let nap = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(10)).await }
        });
        hands.sleepers(1).await;
        hands.advance(Duration::from_secs(10));
        assert!(!nap.is_finished(), "nobody has run yet");
        hands.woken().await;
        nap.await.unwrap();
    }

    #[tokio::test]
    async fn a_timeout_drops_what_takes_too_long() {
        let (clock, hands) = Clock::manual();
        let wait = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock
                    .timeout(Duration::from_secs(5), std::future::pending::<()>())
                    .await
            }
        });
        hands.sleepers(1).await;
        hands.advance(Duration::from_secs(5));
        assert_eq!(wait.await.unwrap(), Err(Elapsed));
    }

    #[test]
    fn setting_the_time_of_day_moves_no_interval() {
        let (clock, hands) = Clock::manual();
        hands.advance(Duration::from_secs(60));
        hands.set(Timestamp::from_unix_seconds(1_000));
        assert_eq!(clock.now(), Timestamp::from_unix_seconds(1_000));
        assert_eq!(clock.elapsed(), Duration::from_secs(60));
    }
}
