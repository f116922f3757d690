//! The moments between two steps, each with a name: a test kills the process there, and sees what a restart makes of it.

use std::fmt;

use crate::machine::Ask;
use crate::operation::{Operation, Step};

/// A moment between two steps.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// The operation is about to be written down.
    NotBegun,
    /// The record has just come to this step.
    Written(Step),
    /// While the record says the step, Telegram has answered this.
    Answered(Step, Ask),
    /// A failure has met it at the step, and is about to be written down.
    Failing(Step),
    /// It has just been written down.
    Failed(Step),
}

/// An operation's moment, by its name.
struct Point(Operation, Moment);

/// The process may be killed here, where the feature `failpoints` is on.
pub(crate) fn at(operation: Operation, moment: Moment) {
    let point = Point(operation, moment);
    tracing::trace!(%point, "a step of an operation");
    #[cfg(feature = "failpoints")]
    fail::fail_point!(&point.to_string(), |_| std::process::abort());
}

/// Every moment between two steps, in order, as the machine has them: the operation, and a name at which the process may be aborted with
/// `fail::cfg(name, "return")`.
#[cfg(feature = "failpoints")]
#[must_use]
pub fn kill_points() -> Vec<(&'static str, String)> {
    let of = |operation: Operation| {
        let moments = moments(operation).into_iter();
        moments.map(move |moment| (operation.as_str(), Point(operation, moment).to_string()))
    };
    Operation::ALL.into_iter().flat_map(of).collect()
}

#[cfg(feature = "failpoints")]
fn moments(operation: Operation) -> Vec<Moment> {
    let stages = crate::machine::stages(operation);
    let mut moments = vec![Moment::NotBegun];
    for stage in stages {
        moments.push(Moment::Written(stage.at));
        let asks = stage.asks.iter();
        moments.extend(asks.map(|ask| Moment::Answered(stage.at, *ask)));
    }
    let last = stages.last();
    moments.extend(last.map(|stage| Moment::Written(stage.then)));
    moments
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())?;
        match self.1 {
            Moment::NotBegun => f.write_str(": not begun"),
            Moment::Written(step) => write!(f, ": {} is written", step.as_str()),
            Moment::Answered(step, ask) => {
                write!(f, ": {}, {} is answered", step.as_str(), ask.as_str())
            }
            Moment::Failing(step) => write!(f, ": {}, it fails", step.as_str()),
            Moment::Failed(step) => write!(f, ": {}, its failure is written", step.as_str()),
        }
    }
}
