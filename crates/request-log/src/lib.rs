#![doc = include_str!("../README.md")]

mod bits;
mod config;
mod counts;
mod cursor;
mod decode;
mod encode;
mod error;
mod fault;
mod folds;
mod follow;
mod kind;
mod list;
mod log;
mod logged;
mod outcome;
mod owners;
mod parts;
mod queue;
mod record;
mod scan;
mod segments;
mod table;
mod unsettled;
mod waiting;
mod wire;
mod writer;

pub use crate::config::Config;
pub use crate::cursor::{Cursor, InvalidCursor};
pub use crate::error::{Error, Result};
pub use crate::kind::KindName;
pub use crate::list::{Filter, Page};
pub use crate::log::RequestLog;
pub use crate::logged::LoggedRequest;
pub use crate::outcome::Outcome;
pub use crate::queue::Counts;
pub use crate::record::{Became, RequestRecord, UpdateRecord};
