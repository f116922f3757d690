#![doc = include_str!("../README.md")]

mod attempt;
mod dispatcher;
mod ending;
mod erased;
mod incoming;
mod item;
mod journal;
mod lane;
mod limits;
mod offer;
mod perform;
mod queued;
mod recall;
mod retry;
pub mod router;
mod runner;
mod schedule;
mod session;
mod shared;
mod snapshot;
mod stage;
mod telling;
pub mod testing;

pub use crate::dispatcher::{Dispatcher, Drained};
pub use crate::incoming::Incoming;
pub use crate::journal::{Dead, DeadCause, Journal, Outcome, RefusedCall, Retry, UpdateRef};
pub use crate::lane::{InvalidLane, Lane, LaneKey};
pub use crate::limits::{DispatcherConfig, Limits};
pub use crate::offer::{Offer, Offered};
pub use crate::perform::{Failure, Perform, RetryWhen};
pub use crate::queued::{Attempt, Progress, Queued, Seq, is_urgent};
pub use crate::retry::RetryPolicy;
pub use crate::router::Router;
pub use crate::session::{SessionChange, SessionLimits, StoredSession};
pub use crate::snapshot::{
    BotSnapshot, LaneSnapshot, RetrySnapshot, RunningSnapshot, Snapshot, Totals,
};
pub use crate::stage::{Flow, Stage, StageError, StageFuture, StageOutcome};

/// The handlers of the workspace's README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct WorkspaceReadme;
