//! Identifiers that are text, as opaque as Telegram gives them.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

text_id! {
    /// Names the connection of a bot with a business account.
    BusinessConnectionId
}

text_id! {
    /// Names the press of a button, until it is answered.
    CallbackQueryId
}

text_id! {
    /// Names a custom emoji.
    CustomEmojiId
}

text_id! {
    /// Names a file on Telegram's servers for one bot; good for sending it again.
    FileId
}

text_id! {
    /// Names a file for every bot and for good; not good for sending or downloading it.
    FileUniqueId
}

text_id! {
    /// Names a message that was sent by way of a bot's inline answer.
    InlineMessageId
}

text_id! {
    /// Names an inline query, until it is answered.
    InlineQueryId
}

text_id! {
    /// Names a poll.
    PollId
}

text_id! {
    /// Names the last question before a payment, until it is answered.
    PreCheckoutQueryId
}

text_id! {
    /// Names the question for ways of shipping, until it is answered.
    ShippingQueryId
}
