//! The dispatcher and the router from outside: virtual time, a journal in memory, no network.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batches;
mod drain;
mod effects;
mod fairness;
mod faults;
mod lanes;
mod memory;
mod neighbors;
mod pause;
mod router;
mod runners;
mod support;
mod telling;
mod waiting;
