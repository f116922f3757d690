//! The crate from outside: both databases, receivers on real sockets, a clock that stands still until it is turned, and
//! OpenSSL as the judge of signatures.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod answers;
mod disabling;
mod endpoints;
mod expiry;
mod kills;
mod openssl;
mod order;
mod outbox;
mod place;
mod private;
mod published;
mod receiver;
mod rotation;
mod schedule;
mod secrets;
mod trials;
mod waiting;
