//! The inbox's promises, kept on SQLite and on Postgres alike.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod dead;
mod dispatcher;
mod expiring;
mod failures;
mod feeding;
mod figures;
mod journal;
mod lives;
mod model;
mod operating;
mod parked;
mod receiving;
mod restarts;
mod sessions;
mod silence;
mod streaks;
mod support;
