//! What bot-health promises, against a simulated Telegram, on SQLite and on Postgres alike.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asking;
mod causes;
mod coming_back;
mod dying;
mod handlers;
mod listing;
mod ourselves;
mod rivals;
mod storms;
mod support;
mod sweeping;
mod telegram;
