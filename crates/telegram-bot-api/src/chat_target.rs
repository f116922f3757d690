//! How a parameter names a chat.

use serde::{Serialize, Serializer};

use crate::{ChatId, UserId};

/// The chat that a call is about: by its number, or a public one by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ChatTarget {
    /// By its number.
    Id(ChatId),
    /// By its name, `@` included.
    Username(String),
}

impl From<ChatId> for ChatTarget {
    fn from(id: ChatId) -> Self {
        Self::Id(id)
    }
}

/// The private chat with a user has the user's number.
impl From<UserId> for ChatTarget {
    fn from(id: UserId) -> Self {
        Self::Id(ChatId(id.0))
    }
}

impl From<i64> for ChatTarget {
    fn from(id: i64) -> Self {
        Self::Id(ChatId(id))
    }
}

impl From<String> for ChatTarget {
    fn from(name: String) -> Self {
        Self::Username(name)
    }
}

impl From<&str> for ChatTarget {
    fn from(name: &str) -> Self {
        Self::Username(name.to_owned())
    }
}

impl Serialize for ChatTarget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Id(id) => id.serialize(serializer),
            Self::Username(name) => serializer.serialize_str(name),
        }
    }
}
