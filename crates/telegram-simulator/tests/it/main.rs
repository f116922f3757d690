//! The simulator against what is known of Telegram's server.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod api;
mod control;
mod delivery;
mod faults;
mod harness;
mod messages;
mod names;
mod polling;
mod receiver;
mod retries;
mod takeovers;
mod tokens;
mod webhook;
