//! Layers around handlers that `tower` does not have, or not with our clock and our names.

mod from_fn;
mod time_limit;
mod traced;

pub use self::from_fn::{FromFn, FromFnService, Next, from_fn};
pub use self::time_limit::{TimeLimit, TimeLimitService};
pub use self::traced::{Traced, TracedService};
