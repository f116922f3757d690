use std::time::Duration;

use ids::{ConnectionId, ProjectId};
use telegram_bot_api::Error as Failure;

use crate::refusal::{BotRefusal, WebhookRefusal};

/// Why a bot could not be connected, disconnected or shown. Each says what is wrong in a sentence for whoever asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another operation on this project's bot has not ended yet.
    #[error("another change of this project's bot is under way")]
    Busy,
    /// The records could not be read or written.
    #[error("the records of connections could not be read or written")]
    Directory(#[source] connection_directory::Error),
    /// The token's bot is connected to another project.
    #[error("this bot is connected to another project")]
    ConnectedElsewhere,
    /// What the bot has waiting could not be held, or let go on.
    #[error("the bot's waiting updates could not be reached")]
    Inbox(#[from] update_inbox::Error),
    /// The operation ended unexpectedly: by a fault of ours, or since the whole process ends. Whatever is in the record is
    /// gone on with.
    #[error("the change of this project's bot was interrupted")]
    Interrupted(#[source] tokio::task::JoinError),
    /// There is no such connection.
    #[error("there is no connection {0}")]
    NoConnection(ConnectionId),
    /// The server does not know the address under which Telegram reaches it.
    #[error("this server has not been told its public address, so Telegram could not reach it")]
    NoPublicUrl,
    /// The project has no bot.
    #[error("project {0} has no bot")]
    NotFound(ProjectId),
    /// The public name resolves, but only to addresses that Telegram refuses.
    #[error(
        "the name {host} leads only to private, reserved or IPv6 addresses here, which Telegram refuses"
    )]
    PublicNameUnusable {
        /// The name of the public URL.
        host: String,
    },
    /// A sealed token does not open with this server's master keys.
    #[error("the stored token cannot be opened with this server's master keys")]
    Sealed,
    /// Telegram answers, but refuses to work for the bot, whatever its token.
    #[error("{}", told(.why.sentence(), .description))]
    TelegramRefuses {
        /// Which refusal it is.
        why: BotRefusal,
        /// Telegram's own words.
        description: String,
    },
    /// Telegram is out of reach, throttles us or is broken: nothing is known about the token.
    #[error("Telegram could not be asked just now")]
    TelegramUnavailable(#[source] Failure),
    /// Telegram has not accepted the bot's new token yet. It is kept, and tried again until it is accepted, for a day at most.
    #[error(
        "Telegram has not accepted the new token yet; this can take minutes and seldom hours, and is tried again by itself. \
         If the token was mistyped, paste it again"
    )]
    TokenNotAcceptedYet,
    /// Telegram does not accept the token: it was revoked, mistyped, or its bot deleted.
    #[error("Telegram does not accept this token")]
    TokenNotValid,
    /// Telegram's server takes only so many new bots a minute and an hour from one address.
    #[error(
        "as many new bots were connected just now as Telegram takes at once; try again in {} s",
        .retry_after.as_secs_f64().ceil()
    )]
    TooManyNewBots {
        /// When there is room again.
        retry_after: Duration,
    },
    /// Telegram refused the webhook; the bot has none now.
    #[error("{}", told(.why.sentence(), .description))]
    WebhookRefused {
        /// Which refusal it is.
        why: WebhookRefusal,
        /// Telegram's own words, without what is secret.
        description: String,
    },
    /// Telegram took the webhook but does not show it: somebody else has set or removed it at the same time.
    #[error("another service {} at the same time", .host.as_ref().map_or_else(
        || "removed this bot's webhook".to_owned(),
        |host| format!("set this bot's webhook (to {host})"),
    ))]
    WebhookTakenOver {
        /// The host of the other service's webhook; `None` when there is no webhook any more.
        host: Option<String>,
    },
}

impl Error {
    /// When it makes sense to try again, where Telegram or its limits say so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TelegramUnavailable(Failure::Throttled { retry_after, .. })
            | Self::TooManyNewBots { retry_after } => Some(*retry_after),
            _ => None,
        }
    }
}

/// A sentence of ours, and Telegram's words behind it.
fn told(sentence: &str, description: &str) -> String {
    if description.is_empty() {
        return sentence.to_owned();
    }
    format!("{sentence} Telegram says: {description}")
}

/// Something that does not stop an operation, but that whoever asked should know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The public name did not resolve on this machine.
    NameDoesNotResolve {
        /// The name of the public URL.
        host: String,
    },
    /// Another service's webhook was set, and has been replaced by ours.
    RivalReplaced {
        /// The host of the other service's webhook.
        host: String,
    },
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NameDoesNotResolve { host } => write!(
                f,
                "The name {host} does not resolve on this machine; if Telegram cannot resolve it either, no update will arrive."
            ),
            Self::RivalReplaced { host } => write!(
                f,
                "Another service at {host} had set this bot's webhook; it has been replaced by ours. Turn the other service off, or it may take the bot back."
            ),
        }
    }
}
