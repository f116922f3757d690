//! What key-ring promises.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod derivation;
mod files;
mod operations;
mod shared;
mod texts;
mod vectors;
