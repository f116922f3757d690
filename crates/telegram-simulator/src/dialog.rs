//! Chats as one bot sees them: messages, members, and whether the bot may speak.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ids::{ChatId, UserId};

/// Whether a bot may speak in a chat, and if not, what Telegram says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Access {
    /// It may.
    #[default]
    Open,
    /// The user never wrote to the bot.
    NotStarted,
    /// The user blocked the bot.
    Blocked,
    /// The user's account is gone.
    Deactivated,
    /// The bot was thrown out of the group or channel.
    Kicked,
    /// The bot was never in the group or channel, or left.
    NotMember,
    /// The group is gone.
    Deleted,
    /// The group became the supergroup of this id.
    Migrated(ChatId),
}

/// What sort of chat it is, where it is not a private one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChatKind {
    /// A small group.
    Group,
    /// A large one.
    #[default]
    Supergroup,
    /// A channel.
    Channel,
}

/// A chat of one bot.
#[derive(Debug)]
pub(crate) struct Dialog {
    /// The Bot API's `Chat`.
    pub(crate) chat: Value,
    pub(crate) access: Access,
    pub(crate) members: BTreeMap<UserId, String>,
    pub(crate) join_requests: BTreeSet<UserId>,
    messages: BTreeMap<i64, Value>,
    last_message: i64,
}

impl Dialog {
    pub(crate) fn new(chat: Value, access: Access) -> Self {
        Self {
            chat,
            access,
            members: BTreeMap::new(),
            join_requests: BTreeSet::new(),
            messages: BTreeMap::new(),
            last_message: 0,
        }
    }

    /// Keeps a message under the next number of the chat, and answers it complete.
    pub(crate) fn add(&mut self, from: &Value, date: i64, content: Value) -> Value {
        self.last_message += 1;
        let mut message = json!({
            "message_id": self.last_message,
            "from": from,
            "chat": self.chat,
            "date": date,
        });
        merge(&mut message, content);
        self.messages.insert(self.last_message, message.clone());
        message
    }

    pub(crate) fn message(&self, id: i64) -> Option<&Value> {
        self.messages.get(&id)
    }

    pub(crate) fn message_mut(&mut self, id: i64) -> Option<&mut Value> {
        self.messages.get_mut(&id)
    }

    pub(crate) fn remove(&mut self, id: i64) -> Option<Value> {
        self.messages.remove(&id)
    }

    pub(crate) fn messages(&self) -> impl DoubleEndedIterator<Item = &Value> {
        self.messages.values()
    }

    /// The last message that has a button with this callback data.
    pub(crate) fn with_button(&self, data: &str) -> Option<&Value> {
        self.messages().rev().find(|message| {
            buttons(message).any(|button| button.get("callback_data") == Some(&json!(data)))
        })
    }

    fn type_name(&self) -> &'static str {
        match self.chat.get("type").and_then(Value::as_str) {
            Some("channel") => "channel chat",
            Some("group") => "group chat",
            _ => "supergroup chat",
        }
    }

    /// Status, text and new chat with which a call to this chat is refused, if it is.
    pub(crate) fn refusal(&self) -> Option<(u16, String, Option<ChatId>)> {
        let kind = self.type_name();
        let (code, text, chat) = match &self.access {
            Access::Open => return None,
            Access::NotStarted => (
                403,
                "bot can't initiate conversation with a user".into(),
                None,
            ),
            Access::Blocked => (403, "bot was blocked by the user".into(), None),
            Access::Deactivated => (403, "user is deactivated".into(), None),
            Access::Kicked => (403, format!("bot was kicked from the {kind}"), None),
            Access::NotMember => (403, format!("bot is not a member of the {kind}"), None),
            Access::Deleted => (403, "the group chat was deleted".into(), None),
            Access::Migrated(chat) => {
                let text = "group chat was upgraded to a supergroup chat";
                (400, text.into(), Some(*chat))
            }
        };
        let prefix = if code == 403 {
            "Forbidden"
        } else {
            "Bad Request"
        };
        Some((code, format!("{prefix}: {text}"), chat))
    }
}

/// The `Chat` of an id that nobody described: a person's private chat, or a supergroup.
pub(crate) fn describe_chat(id: ChatId, user: Option<&Value>) -> Value {
    let mut chat = json!({"id": id});
    match user {
        Some(user) => {
            for key in ["first_name", "last_name", "username"] {
                if let Some(value) = user.get(key) {
                    chat[key] = value.clone();
                }
            }
            chat["type"] = json!("private");
        }
        None => {
            chat["type"] = json!("supergroup");
            chat["title"] = json!(format!("Group {}", id.0.unsigned_abs()));
        }
    }
    chat
}

/// The `User` of a person.
pub(crate) fn describe_user(id: UserId, first_name: &str) -> Value {
    json!({"id": id, "is_bot": false, "first_name": first_name, "language_code": "en"})
}

/// Adds the members of one object to another.
pub(crate) fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

fn buttons(message: &Value) -> impl Iterator<Item = &Value> {
    message
        .pointer("/reply_markup/inline_keyboard")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_array)
        .flatten()
}
