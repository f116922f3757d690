//! How much the dispatcher may do at once and keep in memory.

use std::time::Duration;

use crate::RetryPolicy;

/// What [`crate::Dispatcher::start`] is to know.
#[derive(Clone, Debug)]
pub struct DispatcherConfig {
    /// How much at once, and how much in memory.
    pub limits: Limits,
    /// How long a stage may take, where it does not say so itself.
    pub handler_deadline: Duration,
    /// When to try again what failed.
    pub retry: RetryPolicy,
}

/// How much the dispatcher may do at once and keep in memory. A limit of 0 counts as 1.
///
/// Memory is shared by what is free of it: a connection that holds as much as is free gets no more, and a lane that holds half
/// of that neither. So one noisy bot alone may use half of the memory, ten of them an eleventh each, and there is some left
/// for whoever comes next. A connection may hold 4 and a lane 64 whatever is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Updates handled at the same time.
    pub running: usize,
    /// Updates of one connection handled at the same time.
    pub running_per_bot: usize,
    /// Updates in memory.
    pub loaded: usize,
    /// Their size in memory, in bytes, as [`crate::Queued::cost_bytes`] estimates it. A single update may exceed it.
    pub loaded_bytes: usize,
    /// Updates of one connection in memory, however much is free; more are [`crate::Offer::Spilled`].
    pub loaded_per_bot: usize,
    /// Updates that wait in one lane, however much is free; more are [`crate::Offer::Spilled`].
    pub waiting_per_lane: usize,
    /// Updates asked of the journal at a time.
    pub refill: usize,
    /// Questions to the journal at the same time.
    pub refills: usize,
}

impl Default for DispatcherConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            handler_deadline: Duration::from_secs(15),
            retry: RetryPolicy::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            running: 512,
            running_per_bot: 64,
            loaded: 32_768,
            loaded_bytes: 32 << 20,
            loaded_per_bot: 16_384,
            waiting_per_lane: 8_192,
            refill: 256,
            refills: 4,
        }
    }
}

impl Limits {
    /// The same with no limit below 1.
    pub(crate) fn at_least_one(self) -> Self {
        Self {
            running: self.running.max(1),
            running_per_bot: self.running_per_bot.max(1),
            loaded: self.loaded.max(1),
            loaded_bytes: self.loaded_bytes.max(1),
            loaded_per_bot: self.loaded_per_bot.max(1),
            waiting_per_lane: self.waiting_per_lane.max(1),
            refill: self.refill.max(1),
            refills: self.refills.max(1),
        }
    }
}
