//! Identifiers that are numbers.

use crate::macros::number_id;

number_id! {
    /// Counts a connection's webhook registrations; every new one derives a new path and secret token.
    Generation(u32)
}

number_id! {
    /// Names a master key of the key ring.
    KeyId(u32)
}

number_id! {
    /// Telegram's number for a bot: what stands before the colon of its token. Telegram uses up to 52 bits.
    TelegramBotId(i64)
}

number_id! {
    /// Counts the tokens that a connection has had.
    TokenVersion(u32)
}

impl Generation {
    /// What a connection has before its first webhook registration.
    pub const NONE: Self = Self::new(0);

    /// The generation of the next registration.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::new(self.value() + 1)
    }
}

impl TokenVersion {
    /// The version of the first token that a connection is given.
    pub const FIRST: Self = Self::new(1);

    /// The version of the token that replaces this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::new(self.value() + 1)
    }
}
