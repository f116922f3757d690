//! What may be a message, and what else it may be.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::generated::types::{InaccessibleMessage, Message};
use crate::json::{Fault, FromJson, Tree, deserialize_by_json};

/// A message, or what is left of one that the bot may no longer see. Their dates tell: the latter's is 0.
///
/// [Bot API: MaybeInaccessibleMessage](https://core.telegram.org/bots/api#maybeinaccessiblemessage)
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MaybeInaccessibleMessage {
    /// A [`Message`].
    Message(Box<Message>),
    /// An [`InaccessibleMessage`].
    InaccessibleMessage(Box<InaccessibleMessage>),
    /// Something newer than this library, as it came.
    Unknown(Value),
}

impl FromJson for MaybeInaccessibleMessage {
    fn from_json(value: &Tree<'_>) -> Result<Self, Fault> {
        let known = match value.get("date").and_then(Tree::as_i64) {
            _ if value.is_null() => return Err(Fault::expected("a message")),
            Some(0) => FromJson::from_json(value).map(Self::InaccessibleMessage),
            _ => FromJson::from_json(value).map(Self::Message),
        };
        Ok(known.unwrap_or_else(|_| Self::Unknown(value.to_value())))
    }
}

deserialize_by_json!(MaybeInaccessibleMessage);

impl Serialize for MaybeInaccessibleMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Message(message) => message.serialize(serializer),
            Self::InaccessibleMessage(message) => message.serialize(serializer),
            Self::Unknown(value) => value.serialize(serializer),
        }
    }
}

/// What methods answer that change a message: the message, or only that it is done when an inline message was changed.
#[derive(Clone, Debug, PartialEq)]
pub enum MessageOrTrue {
    /// The message as it is now.
    Message(Box<Message>),
    /// Done.
    True,
}

impl FromJson for MessageOrTrue {
    fn from_json(value: &Tree<'_>) -> Result<Self, Fault> {
        match value {
            Tree::Bool(true) => Ok(Self::True),
            _ => FromJson::from_json(value).map(Self::Message),
        }
    }
}

deserialize_by_json!(MessageOrTrue);
