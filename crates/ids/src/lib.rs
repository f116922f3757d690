#![doc = include_str!("../README.md")]

mod macros;
mod numbers;
mod text;

pub use crate::numbers::{Generation, KeyId, TelegramBotId, TokenVersion};
pub use crate::text::{
    ApiTokenId, ConnectionId, EndpointId, EventId, InvalidId, ProjectId, RequestId,
};
