use connection_directory::{Connection, Status};
use ids::{ConnectionId, ProjectId, TelegramBotId};

use crate::error::Warning;

/// What a project's bot is, for whoever may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotView {
    /// The record.
    pub connection: ConnectionId,
    /// The bot's name.
    pub name: Option<String>,
    /// Whose bot it is.
    pub project: ProjectId,
    /// What it is.
    pub status: Status,
    /// How far a change that is under way came: `connect: begun`.
    pub step: Option<String>,
    /// Telegram's number for the bot.
    pub telegram_bot_id: TelegramBotId,
    /// The bot's username, without `@`.
    pub username: Option<String>,
    /// Something that whoever connected the bot should know.
    pub warning: Option<String>,
}

/// What became of a pasted token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// What was done.
    pub did: Did,
    /// The bot as it is now.
    pub view: BotView,
    /// What did not stop it, but should be known.
    pub warnings: Vec<Warning>,
}

/// What was done with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// A bot was connected that was not connected before.
    Connected,
    /// A disconnected bot was connected again.
    Reconnected,
    /// The webhook was not as we left it, and was registered anew.
    Repaired,
    /// Another bot took the place of the one before.
    Replaced,
    /// The bot has a new token.
    Rotated,
    /// Nothing had to be done.
    Unchanged,
}

impl From<&Connection> for BotView {
    fn from(record: &Connection) -> Self {
        Self {
            connection: record.id.clone(),
            name: record.name.clone(),
            project: record.project.clone(),
            status: record.status,
            step: record
                .operation
                .as_ref()
                .map(|operation| format!("{operation}: {}", record.step)),
            telegram_bot_id: record.telegram_bot_id,
            username: record.username.clone(),
            warning: record.warning.clone(),
        }
    }
}
