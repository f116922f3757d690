#![doc = include_str!("../README.md")]

mod entropy;
mod manual;
mod timestamp;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

pub use crate::entropy::Entropy;
pub use crate::manual::ManualClock;
pub use crate::timestamp::Timestamp;

/// Tells the time and waits: the machine's clock, or one that a test turns by hand. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Kind);

#[derive(Clone)]
enum Kind {
    Manual(Arc<manual::Face>),
    System { started: Instant },
}

/// What [`Clock::timeout`] answers when the time was up first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;

impl Clock {
    /// The machine's clock. Waiting needs a tokio runtime with its timer enabled.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "here is where the machine is asked"
    )]
    pub fn system() -> Self {
        Self(Kind::System {
            started: Instant::now(),
        })
    }

    /// A clock that stands still until its hands are moved, and the hands.
    #[must_use]
    pub fn manual() -> (Self, ManualClock) {
        let face = Arc::new(manual::Face::new());
        (
            Self(Kind::Manual(Arc::clone(&face))),
            ManualClock::new(face),
        )
    }

    /// The time of day. It may jump when the machine's clock is set.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "here is where the machine is asked"
    )]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::Manual(face) => face.now(),
            Kind::System { .. } => Timestamp::from_system(SystemTime::now()),
        }
    }

    /// How long this clock has run. It never jumps and never goes back: what intervals are measured by.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Kind::Manual(face) => face.elapsed(),
            Kind::System { started } => started.elapsed(),
        }
    }

    /// Waits for a span of time.
    #[expect(
        clippy::disallowed_methods,
        reason = "here is where the machine is asked"
    )]
    pub async fn sleep(&self, span: Duration) {
        match &self.0 {
            Kind::Manual(face) => face.sleep(span).await,
            Kind::System { .. } => tokio::time::sleep(span).await,
        }
    }

    /// Waits until this clock shows a time of day; not at all when that has passed.
    pub async fn sleep_until(&self, time: Timestamp) {
        // Asked anew at least each minute, because the machine's clock may be set while we wait.
        loop {
            let left = time.since(self.now());
            if left.is_zero() {
                return;
            }
            self.sleep(left.min(Duration::from_secs(60))).await;
        }
    }

    /// Runs a future for at most a span of time, then drops it.
    ///
    /// # Errors
    /// [`Elapsed`] when the time was up first.
    pub async fn timeout<F: Future>(
        &self,
        span: Duration,
        future: F,
    ) -> Result<F::Output, Elapsed> {
        let mut future = pin!(future);
        let mut alarm = pin!(self.sleep(span));
        std::future::poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            alarm.as_mut().poll(context).map(|()| Err(Elapsed))
        })
        .await
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.0 {
            Kind::Manual(_) => "Clock::manual",
            Kind::System { .. } => "Clock::system",
        })
    }
}

impl std::fmt::Display for Elapsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the time was up")
    }
}

impl std::error::Error for Elapsed {}
