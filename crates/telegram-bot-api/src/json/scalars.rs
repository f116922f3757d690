//! What fields are made of.

use serde_json::Value;

use crate::ids::{
    BusinessConnectionId, CallbackQueryId, ChatId, CustomEmojiId, FileId, FileUniqueId,
    InlineMessageId, InlineQueryId, MessageId, MessageThreadId, PollId, PreCheckoutQueryId,
    ShippingQueryId, UpdateId, UserId,
};
use crate::json::{Fault, FromJson};

impl FromJson for bool {
    fn from_json(value: &Value) -> Result<Self, Fault> {
        value
            .as_bool()
            .ok_or_else(|| Fault::expected("true or false"))
    }
}

impl FromJson for i64 {
    fn from_json(value: &Value) -> Result<Self, Fault> {
        value.as_i64().ok_or_else(|| Fault::expected("an integer"))
    }
}

impl FromJson for f64 {
    fn from_json(value: &Value) -> Result<Self, Fault> {
        value.as_f64().ok_or_else(|| Fault::expected("a number"))
    }
}

impl FromJson for String {
    fn from_json(value: &Value) -> Result<Self, Fault> {
        value
            .as_str()
            .map(Self::from)
            .ok_or_else(|| Fault::expected("a string"))
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn from_json(value: &Value) -> Result<Self, Fault> {
        T::from_json(value).map(Self::new)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: &Value) -> Result<Self, Fault> {
        let values = value
            .as_array()
            .ok_or_else(|| Fault::expected("an array"))?;
        values.iter().map(T::from_json).collect()
    }
}

macro_rules! ids {
    ($inner:ty: $($name:ident),*) => {$(
        impl FromJson for $name {
            fn from_json(value: &Value) -> Result<Self, Fault> {
                <$inner>::from_json(value).map(Self)
            }
        }
    )*};
}

ids!(i64: ChatId, MessageId, MessageThreadId, UpdateId, UserId);
ids!(String: BusinessConnectionId, CallbackQueryId, CustomEmojiId, FileId, FileUniqueId);
ids!(String: InlineMessageId, InlineQueryId, PollId, PreCheckoutQueryId, ShippingQueryId);
