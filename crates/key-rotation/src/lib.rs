#![doc = include_str!("../README.md")]

mod add;
mod counting;
mod error;
mod key_rotation;
mod lineage;
mod promote;
mod reload;
mod retire;
mod rewrap;
mod source;
mod status;
mod step;
mod uses;

pub use crate::add::Added;
pub use crate::error::{Error, Result};
pub use crate::key_rotation::{KeyRotation, Parts};
pub use crate::promote::Promoted;
pub use crate::reload::Reloaded;
pub use crate::retire::Retired;
pub use crate::rewrap::{RewrapCursor, RewrapPage, Rewrapped};
pub use crate::source::{KeySource, ReadKeys};
pub use crate::status::{Holder, KeyStatus, Status};
pub use crate::step::Step;
pub use crate::uses::KeyUses;
