#![doc = include_str!("../README.md")]

mod journal;
mod lane;
mod offer;
mod perform;
mod queued;

pub use crate::journal::{Dead, DeadCause, Journal, Outcome, RefusedCall, Retry};
pub use crate::lane::{InvalidLane, Lane, LaneKey};
pub use crate::offer::Offer;
pub use crate::perform::{Failure, Perform, RetryWhen};
pub use crate::queued::{Attempt, Progress, Queued, Seq, is_urgent};
