#![doc = include_str!("../README.md")]

mod call;
mod error;
mod method;
mod token;
mod upload;

mod envelope;
mod generated;
mod ids;
mod paths;
mod update_kind;

pub use crate::envelope::{Envelope, EnvelopeFault};
pub use crate::generated::update_kinds::UpdateKind;
pub use crate::ids::{ChatId, MessageId, MessageThreadId, UpdateId, UserId};

pub use crate::call::{Call, ChatKey};
pub use crate::error::{AnswerFault, Error, Retry, Throttler};
pub use crate::method::Method;
pub use crate::token::{BotToken, InvalidToken, TokenFault, TokenWarning};
pub use crate::upload::{InputFile, Upload};
