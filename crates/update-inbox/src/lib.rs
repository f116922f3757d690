#![doc = include_str!("../README.md")]

mod batches;
mod by_lane;
mod checkpointer;
mod commit;
mod config;
mod dead;
mod ends;
mod error;
mod feed;
mod feeder;
mod figures;
mod inbox;
mod intake;
mod journal;
mod log_keeper;
mod pace;
mod packed;
mod pending;
mod received;
mod rows;
mod schema;
mod seen;
mod sessions;
mod shared;
mod writer;

pub use crate::config::InboxConfig;
pub use crate::dead::{DeadLetter, Quarantined};
pub use crate::error::{Error, Result};
pub use crate::feed::Dispatch;
pub use crate::figures::{Figures, Histogram};
pub use crate::inbox::{Depth, Inbox};
pub use crate::intake::Expired;
pub use crate::journal::InboxJournal;
pub use crate::received::{Receipt, Received, Refused};
