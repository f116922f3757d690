#![doc = include_str!("../README.md")]

mod config;
mod error;
mod folds;
mod kind;
mod list;
mod log;
mod outcome;
mod queue;
mod record;
mod table;
mod writer;

pub use crate::config::Config;
pub use crate::error::{Error, Result};
pub use crate::kind::KindName;
pub use crate::list::{Cursor, Filter, InvalidCursor, LoggedRequest, Page};
pub use crate::log::RequestLog;
pub use crate::outcome::Outcome;
pub use crate::queue::Counts;
pub use crate::record::{Became, RequestRecord, UpdateRecord};
