#![doc = include_str!("../README.md")]

mod backend;
mod connection;
mod database;
mod error;
mod migrations;
mod patience;
mod postgres;
mod query;
mod sole_process;
mod sqlite;
mod transaction;
mod url;
mod writer;

#[cfg(feature = "testing")]
pub mod testing;

pub use crate::connection::Connection;
pub use crate::database::Database;
pub use crate::error::{Error, Result, ensure_touched};
pub use crate::migrations::{MigrationState, Schema};
pub use crate::query::{Batch, Columns, Fetch, Statement};
pub use crate::sole_process::SoleProcess;
pub use crate::url::DatabaseUrl;
pub use crate::writer::{Wal, WriterConnection};
