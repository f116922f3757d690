#![doc = include_str!("../README.md")]

mod accept;
mod answer;
mod body;
mod connection;
mod ending;
mod error;
mod framing;
mod gate;
mod limits;
mod listener;
mod monitor;
mod read;
mod seats;
mod single;
mod standing;
mod stream;
mod watch;

pub use crate::body::Body;
pub use crate::error::{BodyFault, Error};
pub use crate::limits::Limits;
pub use crate::listener::{Drained, Listener};
pub use crate::monitor::{Counts, HeadFault, Monitor};
pub use crate::read::read_body;
pub use crate::single::serve_stream;
