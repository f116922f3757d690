#![doc = include_str!("../README.md")]

mod answer;
mod call;
mod client;
mod error;
mod method;
mod retry;
mod throttle;
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
pub use crate::client::{ApiRoot, Client, ClientConfig, InvalidApiRoot};
pub use crate::error::{AnswerFault, Error, Retry, Throttler};
pub use crate::method::Method;
pub use crate::retry::Repetition;
pub use crate::throttle::{Limit, Limits};
pub use crate::token::{BotToken, InvalidToken, TokenFault, TokenWarning};
pub use crate::upload::{InputFile, Upload};
