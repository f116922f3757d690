//! A listener on loopback, and peers of every sort. Time is a manual clock's.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deadlines;
mod end;
mod framing;
mod harness;
mod memory;
mod peers;
mod strangers;
