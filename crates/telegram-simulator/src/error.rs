use crate::ids::{BotId, ChatId};

/// Why the simulator could not do what was asked of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No such bot was made, or it was deleted.
    #[error("there is no bot {0}")]
    NoBot(BotId),
    /// The bot has no such chat.
    #[error("bot {0} has no chat {1}")]
    NoChat(BotId, ChatId),
    /// No message of the chat carries a button with that callback data.
    #[error("chat {chat} has no button with the data {data:?}")]
    NoButton {
        /// The chat that was searched.
        chat: ChatId,
        /// The `callback_data` that was looked for.
        data: String,
    },
    /// The kind of update is not one of the Bot API's, or its content lacks what queues it.
    #[error("{kind:?} with this content is no update that the Bot API knows")]
    BadUpdate {
        /// The kind that was named.
        kind: String,
    },
    /// A resolution asked for delivery over TLS.
    #[error("delivery over TLS is not supported yet: resolve the host with tls = false")]
    TlsNotSupported,
    /// The Bot API's own answer to what a rival tried.
    #[error("Telegram refused it: {0}")]
    Refused(String),
    /// What was waited for did not happen in time.
    #[error("what was waited for did not happen in time")]
    TimedOut,
    /// The listening socket could not be opened.
    #[error("the simulator cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: std::net::SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}
