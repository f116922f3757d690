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

mod chat_target;
mod envelope;
mod generated;
mod held_uploads;
mod ids;
mod json;
mod messages;
mod paths;
mod raw_json;
mod shapes;
mod update;
mod update_kind;

pub use crate::chat_target::ChatTarget;
pub use crate::envelope::{Envelope, EnvelopeFault};
pub use crate::generated::update_content::UpdateContent;
pub use crate::generated::update_kinds::UpdateKind;
pub use crate::generated::{methods, types};
pub use crate::ids::{
    BusinessConnectionId, CallbackQueryId, ChatId, CustomEmojiId, FileId, FileUniqueId,
    InlineMessageId, InlineQueryId, MessageId, MessageThreadId, PollId, PreCheckoutQueryId,
    ShippingQueryId, UpdateId, UserId,
};
pub use crate::raw_json::RawJson;
pub use crate::update::Update;

pub use crate::call::{Call, ChatKey};
pub use crate::client::{ApiRoot, Client, ClientConfig, ClockOffset, InvalidApiRoot};
pub use crate::error::{AnswerFault, Error, Retry, Throttler};
pub use crate::method::Method;
pub use crate::retry::Repetition;
pub use crate::throttle::{Limit, Limits};
pub use crate::token::{BotToken, InvalidToken, TokenFault, TokenWarning};
pub use crate::upload::{InputFile, Upload};
