//! What key-rotation promises, on SQLite and on Postgres alike.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "one test tells its figures")]

mod by_hand;
mod crashes;
mod rewrapping;
mod starts;
mod steps;
mod support;
mod telegram;
mod whole;
