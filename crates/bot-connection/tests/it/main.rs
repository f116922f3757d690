//! What bot-connection promises, against a simulated Telegram, on SQLite and on Postgres alike.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod address;
mod announcing;
mod bulk;
mod crashes;
mod disconnecting;
mod drifting;
mod healing;
mod holding;
mod inspecting;
#[cfg(feature = "failpoints")]
mod kills;
mod refusals;
mod rivals;
mod rotating;
mod secrets;
mod support;
mod table;
mod turns;
