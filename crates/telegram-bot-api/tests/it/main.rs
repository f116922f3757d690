//! Tests of the crate from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod connections;
mod envelope;
mod retries;
mod secrecy;
mod server;
mod turns;
mod update_kind;
mod uploads;
