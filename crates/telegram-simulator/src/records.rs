//! What the simulator writes down of what it did and saw.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::ids::{BotId, ChatId};

/// How a Bot API call came to the simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Via {
    /// As a request to the Bot API.
    Http,
    /// As a reply in a webhook's answer.
    WebhookReply,
    /// From somebody else who holds the token.
    Rival,
}

/// One Bot API call and its answer. Times are microseconds of the simulator's clock.
#[derive(Clone, Debug, Serialize)]
pub struct CallRecord {
    /// Whose token it is or once was; `None` when it is nobody's.
    pub bot: Option<BotId>,
    /// The method as the caller wrote it.
    pub method: String,
    /// Parameters as the server sees them: text.
    pub parameters: BTreeMap<String, String>,
    /// The files that came along.
    pub uploads: Vec<UploadRecord>,
    /// How it came.
    pub via: Via,
    /// When it arrived.
    pub at_us: u64,
    /// When it was answered.
    pub answered_us: u64,
    /// The status; 0 when the connection was cut instead.
    pub status: u16,
    /// The whole answer, envelope included.
    pub answer: Value,
}

/// A file that came with a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UploadRecord {
    /// The form field.
    pub field: String,
    /// The file's name.
    pub name: String,
    /// Its size.
    pub bytes: usize,
}

/// One attempt to deliver an update. Times are microseconds of the simulator's clock.
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryRecord {
    /// Whose update.
    pub bot: BotId,
    /// Which update.
    pub update_id: i64,
    /// Its kind.
    pub kind: String,
    /// 1 for the first.
    pub attempt: u32,
    /// Which of the bot's connections carried it.
    pub connection: u64,
    /// When the request was written (handed to the connection, until it has been written).
    pub sent_us: u64,
    /// When the answer was complete, or the connection known to be broken.
    pub answered_us: Option<u64>,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// What getWebhookInfo says of it, if it failed and leaves a message.
    pub error: Option<String>,
}

/// The life of one update. Times are microseconds of the simulator's clock.
#[derive(Clone, Debug, Serialize)]
pub struct UpdateRecord {
    /// Whose update.
    pub bot: BotId,
    /// Its number.
    pub update_id: i64,
    /// Its kind.
    pub kind: String,
    /// The queue it waits in: within one, the next is sent when the one before is done.
    pub lane: i64,
    /// The chat it names.
    pub chat: Option<ChatId>,
    /// The text of its message.
    pub text: Option<String>,
    /// When it was made.
    pub created_us: u64,
    /// When it was first written to a webhook.
    pub first_post_us: Option<u64>,
    /// When a 2xx was received for it, or a getUpdates confirmed it.
    pub acknowledged_us: Option<u64>,
    /// When it expired or was dropped.
    pub dropped_us: Option<u64>,
    /// How often it was sent.
    pub attempts: u32,
}
