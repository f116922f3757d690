//! What was done, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::signal::Cause;
use crate::verdict::VerdictCode;

/// What the watch has done since it was started, and what it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// Connections by what they stand at. Those that were never looked at are not among them.
    pub connections: Vec<(VerdictCode, u64)>,
    /// Inspections by what led to them, and how they ended.
    pub inspections: Vec<(Cause, InspectionOutcome, u64)>,
    /// Changes that were written.
    pub changes: u64,
    /// Registrations that were made anew, unasked.
    pub healed: u64,
    /// Inspections that are waiting or under way because something was noticed.
    pub waiting: usize,
    /// Inspections that are being made, whatever led to them.
    pub under_way: usize,
    /// Signals that led to none because too many were waiting.
    pub turned_away: u64,
    /// Connections whose habits are remembered.
    pub habits: usize,
    /// Connections that the present round of the sweep has had.
    pub sweep_visited: u64,
    /// Connections that it should have.
    pub sweep_expected: u64,
    /// How long the last whole round took; `None` before its end.
    pub sweep_took: Option<Duration>,
}

/// How an inspection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InspectionOutcome {
    /// It showed a healthy bot.
    Healthy,
    /// It showed a degraded one.
    Degraded,
    /// It showed nothing that counts: the connection was being changed, or is disconnected.
    Moot,
    /// It failed.
    Failed,
}

impl InspectionOutcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Healthy, Self::Degraded, Self::Moot, Self::Failed];

    /// Its name in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Moot => "moot",
            Self::Failed => "failed",
        }
    }
}

/// What only grows.
#[derive(Default)]
pub(crate) struct Counters {
    inspections: [[AtomicU64; InspectionOutcome::ALL.len()]; Cause::ALL.len()],
    pub(crate) changes: AtomicU64,
    pub(crate) healed: AtomicU64,
    pub(crate) turned_away: AtomicU64,
}

impl Counters {
    pub(crate) fn inspected(&self, cause: Cause, outcome: InspectionOutcome) {
        count(&self.inspections[cause as usize][outcome as usize]);
    }

    /// Those that were ever counted.
    pub(crate) fn inspections(&self) -> Vec<(Cause, InspectionOutcome, u64)> {
        let all = Cause::ALL.into_iter().flat_map(|cause| {
            let outcomes = InspectionOutcome::ALL.into_iter();
            outcomes.map(move |outcome| (cause, outcome))
        });
        all.map(|(cause, outcome)| {
            let counter = &self.inspections[cause as usize][outcome as usize];
            (cause, outcome, counter.load(Ordering::Relaxed))
        })
        .filter(|(_, _, count)| *count > 0)
        .collect()
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
