//! "Why is it silent?", as a pure function of what was observed: no clock is read here, and nobody is asked.

mod case;
mod code;
mod decide;
mod evidence;
pub mod facts;
mod last_error;
mod rule;
mod rules;
mod scrub;
mod spoken;
#[cfg(test)]
mod tests;
mod wording;

pub use self::code::{Condition, UnknownCode, VerdictCode};
pub use self::decide::{Decision, Verdict, decide};
pub use self::evidence::Evidence;
pub use self::facts::Facts;
