//! Which updates a route is for.

use telegram_bot_api::{UpdateContent, UpdateKind};

use crate::router::command::Command;
use crate::router::extract::Request;

pub(super) enum Filter {
    Command(String),
    /// A tap on a button whose data begin so.
    Callback(String),
    Text,
    NewMembers,
    Kind(UpdateKind),
}

impl Filter {
    pub(super) fn matches(&self, request: &Request) -> bool {
        match (self, &request.incoming.update.content) {
            (Self::Command(name), _) => request
                .command
                .as_ref()
                .is_some_and(|command| command.name == *name),
            (Self::Callback(prefix), UpdateContent::CallbackQuery(query)) => query
                .data
                .as_deref()
                .unwrap_or_default()
                .starts_with(prefix),
            (Self::Text, UpdateContent::Message(message)) => message
                .text
                .as_deref()
                .is_some_and(|text| Command::read(text).is_none()),
            (Self::NewMembers, UpdateContent::Message(message)) => message
                .new_chat_members
                .as_ref()
                .is_some_and(|users| !users.is_empty()),
            (Self::Kind(kind), _) => *kind == request.incoming.kind,
            _ => false,
        }
    }

    pub(super) fn kind(&self) -> UpdateKind {
        match self {
            Self::Command(_) | Self::Text | Self::NewMembers => UpdateKind::Message,
            Self::Callback(_) => UpdateKind::CallbackQuery,
            Self::Kind(kind) => kind.clone(),
        }
    }
}
