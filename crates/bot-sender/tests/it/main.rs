//! What bot-sender promises, against a simulated Telegram, on SQLite and on Postgres alike.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod calling;
mod performing;
mod support;
