//! The store's promises, kept on SQLite and on Postgres alike.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod files;
mod migrations;
mod notes;
mod processes;
mod queries;
mod silence;
mod transactions;
mod writers;
