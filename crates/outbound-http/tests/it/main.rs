//! The crate from outside: real sockets, real TLS, and a clock that stands still until it is turned.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod addresses;
mod answers;
mod certificates;
mod harness;
mod names;
mod pki;
mod refusals;
mod requests;
mod targets;
mod trust;
