//! Tests of the crate from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod clock_offset;
mod connections;
mod constructed;
mod envelope;
mod forward_compat;
mod fuzzed;
mod generated;
mod retries;
mod schema;
mod secrecy;
mod server;
mod turns;
mod update_kind;
mod updates;
mod uploads;
