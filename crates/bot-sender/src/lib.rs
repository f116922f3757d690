#![doc = include_str!("../README.md")]

mod error;
mod perform;
mod policy;
mod sender;

pub use crate::error::SendError;
pub use crate::sender::{BotSender, TokenRefusals, TokenRefused};
