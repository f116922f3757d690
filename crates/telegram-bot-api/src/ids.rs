//! Identifiers that Telegram gives, each of a type of its own so that they cannot be mixed up.

mod numbers;
mod texts;

pub use crate::ids::numbers::{ChatId, MessageId, MessageThreadId, UpdateId, UserId};
pub use crate::ids::texts::{
    BusinessConnectionId, CallbackQueryId, CustomEmojiId, FileId, FileUniqueId, InlineMessageId,
    InlineQueryId, PollId, PreCheckoutQueryId, ShippingQueryId,
};
