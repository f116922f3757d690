//! What fields are made of.

use crate::ids::{
    BusinessConnectionId, CallbackQueryId, ChatId, CustomEmojiId, FileId, FileUniqueId,
    InlineMessageId, InlineQueryId, MessageId, MessageThreadId, PollId, PreCheckoutQueryId,
    ShippingQueryId, UpdateId, UserId,
};
use crate::json::{Fault, FromJson, Tree};

impl FromJson for bool {
    fn from_json(value: &Tree<'_>) -> Result<Self, Fault> {
        match value {
            Tree::Bool(value) => Ok(*value),
            _ => Err(Fault::expected("true or false")),
        }
    }
}

impl FromJson for i64 {
    fn from_json(value: &Tree<'_>) -> Result<Self, Fault> {
        value.as_i64().ok_or_else(|| Fault::expected("an integer"))
    }
}

impl FromJson for f64 {
    fn from_json(value: &Tree<'_>) -> Result<Self, Fault> {
        match value {
            Tree::Number(number) => number.as_f64(),
            _ => None,
        }
        .ok_or_else(|| Fault::expected("a number"))
    }
}

impl FromJson for String {
    fn from_json(value: &Tree<'_>) -> Result<Self, Fault> {
        value
            .as_str()
            .map(Self::from)
            .ok_or_else(|| Fault::expected("a string"))
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn from_json(value: &Tree<'_>) -> Result<Self, Fault> {
        T::from_json(value).map(Self::new)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: &Tree<'_>) -> Result<Self, Fault> {
        match value {
            Tree::Array(values) => values.iter().map(T::from_json).collect(),
            _ => Err(Fault::expected("an array")),
        }
    }
}

macro_rules! ids {
    ($inner:ty: $($name:ident),*) => {$(
        impl FromJson for $name {
            fn from_json(value: &Tree<'_>) -> Result<Self, Fault> {
                <$inner>::from_json(value).map(Self)
            }
        }
    )*};
}

ids!(i64: ChatId, MessageId, MessageThreadId, UpdateId, UserId);
ids!(String: BusinessConnectionId, CallbackQueryId, CustomEmojiId, FileId, FileUniqueId);
ids!(String: InlineMessageId, InlineQueryId, PollId, PreCheckoutQueryId, ShippingQueryId);
