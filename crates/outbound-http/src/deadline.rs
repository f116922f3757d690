//! One deadline over all steps of an exchange.

use std::time::Duration;

use clock::{Clock, Elapsed};

use crate::error::{Failure, Step};

pub(crate) struct Deadline {
    clock: Clock,
    end: Duration,
}

impl Deadline {
    pub(crate) fn new(clock: &Clock, span: Duration) -> Self {
        Self {
            clock: clock.clone(),
            end: clock.elapsed().saturating_add(span),
        }
    }

    /// Runs one step in what is left.
    pub(crate) async fn run<F: Future>(&self, step: Step, future: F) -> Result<F::Output, Failure> {
        let late = |Elapsed| Failure::TimedOut(step);
        self.clock.timeout(self.left(), future).await.map_err(late)
    }

    /// Runs one of several attempts in its share of what is left, so that the first cannot take the time of all.
    pub(crate) async fn share<F: Future>(
        &self,
        attempts_left: usize,
        future: F,
    ) -> Result<F::Output, Elapsed> {
        let parts = u32::try_from(attempts_left.max(1)).unwrap_or(u32::MAX);
        self.clock.timeout(self.left() / parts, future).await
    }

    fn left(&self) -> Duration {
        self.end.saturating_sub(self.clock.elapsed())
    }
}
