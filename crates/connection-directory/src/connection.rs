use clock::Timestamp;
use ids::{ConnectionId, Generation, KeyId, ProjectId, TelegramBotId, TokenVersion};
use token_vault::SealedToken;
use webhook_secret::Registration;

use crate::status::Status;

/// The record that a project's bot is attached. A copy: changing it changes nothing until it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Whose bot it is.
    pub project: ProjectId,
    /// The bot.
    pub telegram_bot_id: TelegramBotId,
    /// The bot's username, without `@`, as `getMe` last gave it.
    pub username: Option<String>,
    /// The bot's name, as `getMe` last gave it.
    pub name: Option<String>,
    /// What it is.
    pub status: Status,
    /// The change that is under way, in the words of the crate that makes it. None when nothing is.
    pub operation: Option<String>,
    /// How far that change came, or how far the last one had come when it ended.
    pub step: String,
    /// The token in use.
    pub sealed_token: Option<SealedToken>,
    /// Which of the connection's tokens [`Self::sealed_token`] is.
    pub token_version: TokenVersion,
    /// The latest registration of its webhook; of generation [`Generation::NONE`] before the first.
    pub current: Registration,
    /// The registration before, while it is still accepted.
    pub previous: Option<Previous>,
    /// The public base URL of the latest registration. Not the webhook's URL: that is a secret.
    pub registered_base_url: Option<String>,
    /// The update kinds that the latest registration asked for, as a text that can be compared. None when nobody wrote them down.
    pub registered_kinds: Option<String>,
    /// How many requests at once the latest registration allowed. None when nobody wrote it down.
    pub registered_max_connections: Option<u8>,
    /// Something that whoever connected the bot should know.
    pub warning: Option<String>,
    /// Counts the writes of this record; a write of an older copy is refused.
    pub version: i64,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// When it last became active.
    pub connected_at: Option<Timestamp>,
    /// When it was last disconnected.
    pub disconnected_at: Option<Timestamp>,
}

/// The registration before the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Previous {
    /// Which it was.
    pub registration: Registration,
    /// Until when it is accepted; None while Telegram has not yet shown the current one.
    pub accepted_until: Option<Timestamp>,
}

impl Connection {
    /// A record of a bot that is about to be connected: no token, no registration, nothing under way.
    ///
    /// `key_id` is the master key that its first registration will be derived from.
    #[must_use]
    pub fn connecting(
        id: ConnectionId,
        project: ProjectId,
        telegram_bot_id: TelegramBotId,
        key_id: KeyId,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            project,
            telegram_bot_id,
            username: None,
            name: None,
            status: Status::Connecting,
            operation: None,
            step: String::new(),
            sealed_token: None,
            token_version: TokenVersion::FIRST,
            current: Registration {
                generation: Generation::NONE,
                key_id,
            },
            previous: None,
            registered_base_url: None,
            registered_kinds: None,
            registered_max_connections: None,
            warning: None,
            version: 1,
            created_at: now,
            updated_at: now,
            connected_at: None,
            disconnected_at: None,
        }
    }
}
