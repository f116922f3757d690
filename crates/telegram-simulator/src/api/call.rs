//! A Bot API call on its way through the server.

use serde_json::Value;

use crate::api::answer::Refusal;
use crate::ids::{BotId, ChatId};
use crate::params::Params;
use crate::records::Via;
use crate::world::World;

/// A call whose token was good.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) bot: BotId,
    /// The method as the caller wrote it.
    pub(crate) method: String,
    pub(crate) params: Params,
    pub(crate) via: Via,
}

impl Call {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.params.get(name)
    }

    /// The chat that `chat_id` names, if the bot may speak in it.
    pub(crate) fn chat(&self, world: &World) -> Result<ChatId, Refusal> {
        let id = self.known_chat(world)?;
        match world
            .dialogs
            .get(&(self.bot, id))
            .and_then(|dialog| dialog.refusal())
        {
            None => Ok(id),
            Some((code, text, migrate_to)) => Err(Refusal {
                migrate_to,
                ..Refusal::new(code, text)
            }),
        }
    }

    fn known_chat(&self, world: &World) -> Result<ChatId, Refusal> {
        let text = self.get("chat_id").trim();
        if text.is_empty() {
            return Err(Refusal::bad("chat_id is empty"));
        }
        let found = match text.strip_prefix('@') {
            Some(name) => world.dialogs.iter().find_map(|((bot, chat), dialog)| {
                let username = dialog.chat.get("username").and_then(Value::as_str)?;
                (*bot == self.bot && username.eq_ignore_ascii_case(name)).then_some(*chat)
            }),
            None => text.parse().ok().map(ChatId),
        };
        found
            .filter(|chat| world.dialogs.contains_key(&(self.bot, *chat)))
            .ok_or_else(|| Refusal::bad("chat not found"))
    }
}
