//! The public listener with real sockets, a real directory, inbox and request log on SQLite, and senders of every sort. Time
//! is a manual clock's.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accepted;
mod ambiguous;
mod broken;
mod cheap;
mod fuzzed;
mod harness;
mod pressure;
mod refused;
mod unproved;
