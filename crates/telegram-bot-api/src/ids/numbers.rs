//! Identifiers that are numbers.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! telegram_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// The number.
            #[must_use]
            pub const fn value(self) -> i64 {
                self.0
            }
        }

        impl From<i64> for $name {
            fn from(number: i64) -> Self {
                Self(number)
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

telegram_id! {
    /// Names a chat: a private one by its user's number, a group or channel by a negative one.
    ChatId
}

telegram_id! {
    /// Names a message within its chat.
    MessageId
}

telegram_id! {
    /// Names a topic of a forum, or a thread of a private chat with a bot, within its chat.
    MessageThreadId
}

telegram_id! {
    /// Names an update. Nearly consecutive for one bot, but the numbers may start anew, lower than before.
    UpdateId
}

telegram_id! {
    /// Names a user or a bot. Telegram uses up to 52 bits.
    UserId
}
