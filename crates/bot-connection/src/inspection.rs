//! What an inspection tells.

use std::time::Duration;

use clock::Timestamp;
use connection_directory::Status;
use ids::{ProjectId, TelegramBotId};
use telegram_bot_api::UpdateKind;

use crate::refusal::BotRefusal;

/// What Telegram answered about a connection, and what its record says beside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// When the last answer came.
    pub at: Timestamp,
    /// What the record says.
    pub status: Status,
    /// The bot.
    pub telegram_bot_id: TelegramBotId,
    /// Whose bot it is.
    pub project: ProjectId,
    /// The host under which Telegram reaches this server today.
    pub public_host: Option<String>,
    /// What Telegram says to the stored token.
    pub token: TokenAnswer,
    /// What Telegram shows; `None` when it does not come to that, as [`Self::token`] says.
    pub webhook: Option<WebhookShown>,
}

/// What Telegram says to a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenAnswer {
    /// It belongs to the bot.
    Works,
    /// It was revoked, or its bot deleted or disabled: Telegram does not say which.
    Unauthorized,
    /// Somebody called `logOut` with it, to move the bot to another Bot API server.
    LoggedOut,
    /// Telegram refuses to answer for the bot, and it is none of the reasons above.
    Refused {
        /// Which refusal it is.
        why: BotRefusal,
        /// Telegram's own words.
        description: String,
    },
    /// Nothing, for so long.
    RateLimited {
        /// How long Telegram asks to wait.
        retry_after: Duration,
    },
    /// Nothing: Telegram is out of reach or broken.
    Unavailable {
        /// What is wrong, in a sentence.
        why: String,
    },
    /// There is no stored token to ask with.
    NoToken,
}

/// What `getWebhookInfo` shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookShown {
    /// Whose webhook is set.
    pub url: ShownUrl,
    /// How many updates Telegram has waiting.
    pub pending: u64,
    /// Telegram's latest failure to deliver to us, and its words. It stays when deliveries succeed again, until the webhook is set
    /// anew. Never another service's.
    pub last_error: Option<(Timestamp, String)>,
    /// When the Bot API server last lost touch with Telegram itself. It stays too, and is no fault of ours.
    pub synchronization_error: Option<Timestamp>,
    /// The address that the webhook's name has led Telegram to.
    pub address: Option<String>,
    /// How many requests of this bot Telegram may have under way at once.
    pub max_connections: Option<i64>,
    /// The kinds of update that we want and Telegram does not send to this webhook.
    pub missing_kinds: Vec<UpdateKind>,
    /// Whether Telegram trusts a certificate that was uploaded, instead of the usual authorities. We never upload one.
    pub custom_certificate: bool,
}

/// Whose webhook Telegram shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShownUrl {
    /// Ours: the latest registration, at today's public address. Whether with our secret, Telegram never shows.
    Ours,
    /// Ours, but of an earlier registration, at the public address before today's, or of another of our connections.
    OursOutdated,
    /// Nobody's.
    Empty,
    /// Another service's: also another program's behind our name, or a copy's of this server at another address.
    Elsewhere {
        /// Its host; nothing else of its address is kept.
        host: String,
    },
}
