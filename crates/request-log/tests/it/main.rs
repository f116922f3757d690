//! The request log on every database.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod counting;
mod harness;
mod listing;
mod observing;
mod segments;
mod trouble;
