//! Who is who in the simulated Telegram. These stand for another party's numbers and share no code with ours.

use serde::{Deserialize, Serialize};

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

numbers! {
    /// A bot's user id: the number before its token's colon. Queue and update ids belong to it.
    BotId;
    /// A chat: the user's own id for a private one, below zero for groups and channels.
    ChatId;
    /// A person.
    UserId;
}

impl ChatId {
    /// Whether this is a person's private chat.
    #[must_use]
    pub fn is_private(self) -> bool {
        self.0 > 0
    }
}

/// A bot's token, good in this simulator alone. Its `Debug` shows nothing of it all the same: what reads it may be under test
/// for exactly that.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token(String);

impl Token {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The token itself, for whoever connects the bot.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(redacted)")
    }
}
