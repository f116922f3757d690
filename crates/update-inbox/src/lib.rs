#![doc = include_str!("../README.md")]

mod commit;
mod config;
mod dead;
mod error;
mod feed;
mod feeder;
mod inbox;
mod intake;
mod journal;
mod pace;
mod pending;
mod received;
mod rows;
mod schema;
mod seen;
mod shared;
mod writer;

pub use crate::config::InboxConfig;
pub use crate::dead::{DeadLetter, Quarantined};
pub use crate::error::{Error, Result};
pub use crate::feed::Dispatch;
pub use crate::inbox::{Depth, Inbox};
pub use crate::intake::Expired;
pub use crate::journal::InboxJournal;
pub use crate::received::{Receipt, Received, Refused};
