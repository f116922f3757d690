#![doc = include_str!("../README.md")]

mod address;
mod bot_connections;
mod error;
mod operation;
mod parts;
mod plan;
mod public_url;
mod record;
mod registration;
mod telegram;
mod turns;
mod view;

pub use connection_directory::Status;

pub use crate::bot_connections::BotConnections;
pub use crate::error::{Error, Warning};
pub use crate::parts::{ConnectConfig, Parts};
pub use crate::public_url::{InvalidPublicUrl, PublicUrl, is_refused_address};
pub use crate::view::{BotView, Connected, Did};
