//! "Why is it silent?", as a pure function of what was observed: no clock is read here, and nobody is asked.

mod code;
mod decide;
pub mod facts;

pub use self::code::{Condition, UnknownCode, VerdictCode};
pub use self::decide::{Decision, Evidence, Verdict, decide};
pub use self::facts::Facts;
