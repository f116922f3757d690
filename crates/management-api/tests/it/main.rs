//! What management-api promises, with a simulated Telegram behind it, on SQLite and on Postgres alike.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod authentication;
mod bodies;
mod bots;
mod diagnosing;
mod endpoints;
mod fresh;
mod health;
mod importing;
mod keys;
mod listing;
mod renewing;
mod routes;
mod server;
mod slow;
mod support;
mod tokens;
mod updates;
