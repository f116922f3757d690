/// Why a call was not made, or was made and failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The record of the connection could not be read.
    #[error("the connection's record could not be read")]
    Directory(#[source] connection_directory::Error),
    /// The call is one that nobody may make through a connected bot.
    #[error("{method} is not allowed here: {why}")]
    Forbidden {
        /// The Bot API method asked for.
        method: String,
        /// The reason, for whoever asked.
        why: &'static str,
    },
    /// There is no such connection, or it is disconnected, or it has no token yet.
    #[error("the bot is not connected")]
    NotConnected,
    /// The sealed token does not open: it was written under another master key, or was altered.
    #[error("the bot's token cannot be opened with this server's master keys")]
    Sealed,
    /// Telegram answered with an error, or did not answer.
    #[error("the Bot API call failed")]
    Telegram(#[source] telegram_bot_api::Error),
}
