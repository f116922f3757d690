//! What the control API is sent.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::dialog::{Access, ChatKind};
use crate::ids::{BotId, ChatId, UserId};
use crate::load::Load;
use crate::resolve::Resolution;
use crate::rivals::Serverless;

#[derive(Deserialize)]
pub(crate) struct NewBot {
    pub(crate) name: String,
    pub(crate) username: String,
    #[serde(default)]
    pub(crate) test: bool,
}

#[derive(Deserialize)]
pub(crate) struct Resolve {
    pub(crate) host: String,
    #[serde(default = "public")]
    address: IpAddr,
    deliver_to: Option<SocketAddr>,
    #[serde(default)]
    tls: bool,
    /// How long setWebhook waits for this name.
    takes_ms: Option<u64>,
    /// Webhooks that are set look the name up now.
    #[serde(default)]
    pub(crate) at_once: bool,
}

impl Resolve {
    pub(crate) fn resolution(&self) -> Resolution {
        Resolution {
            address: self.address,
            deliver_to: self.deliver_to,
            tls: self.tls,
        }
    }

    pub(crate) fn takes(&self) -> Option<Duration> {
        self.takes_ms.map(Duration::from_millis)
    }
}

#[derive(Deserialize)]
pub(crate) struct NameUser {
    pub(crate) id: UserId,
    pub(crate) first_name: String,
    pub(crate) username: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct DescribeChat {
    pub(crate) bot: BotId,
    pub(crate) id: ChatId,
    #[serde(default)]
    pub(crate) kind: ChatKind,
    pub(crate) title: String,
    pub(crate) username: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Send {
    pub(crate) bot: BotId,
    pub(crate) chat: ChatId,
    from: Option<UserId>,
    pub(crate) text: String,
}

#[derive(Deserialize)]
pub(crate) struct Tap {
    pub(crate) bot: BotId,
    pub(crate) chat: ChatId,
    from: Option<UserId>,
    pub(crate) data: String,
}

impl Send {
    pub(crate) fn from(&self) -> UserId {
        self.from.unwrap_or(UserId(self.chat.0.saturating_abs()))
    }
}

impl Tap {
    pub(crate) fn from(&self) -> UserId {
        self.from.unwrap_or(UserId(self.chat.0.saturating_abs()))
    }
}

#[derive(Deserialize)]
pub(crate) struct Join {
    pub(crate) bot: BotId,
    pub(crate) chat: ChatId,
    pub(crate) user: UserId,
    /// Only ask to join.
    #[serde(default)]
    pub(crate) request: bool,
}

#[derive(Deserialize)]
pub(crate) struct Inject {
    pub(crate) bot: BotId,
    pub(crate) kind: String,
    pub(crate) content: Value,
}

#[derive(Deserialize)]
pub(crate) struct Crowd {
    pub(crate) bot: BotId,
    #[serde(flatten)]
    pub(crate) load: Load,
}

#[derive(Deserialize)]
pub(crate) struct Rival {
    pub(crate) bot: BotId,
    #[serde(flatten)]
    pub(crate) action: RivalAction,
}

#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub(crate) enum RivalAction {
    SetWebhook {
        url: String,
    },
    DeleteWebhook,
    DropSecret,
    ChangeSecret {
        #[serde(default = "somebody_elses")]
        secret: String,
    },
    Serverless(Serverless),
    Poll,
    StopPolling,
}

#[derive(Deserialize)]
pub(crate) struct Synchronization {
    pub(crate) bot: BotId,
    /// The second, counted from 1970; now when absent.
    pub(crate) date: Option<i64>,
}

#[derive(Deserialize)]
pub(crate) struct Limits {
    pub(crate) new_bots: bool,
}

#[derive(Deserialize)]
pub(crate) struct Skew {
    pub(crate) ahead_seconds: i64,
}

#[derive(Deserialize)]
pub(crate) struct SetAccess {
    pub(crate) bot: BotId,
    pub(crate) chat: ChatId,
    pub(crate) access: Access,
}

#[derive(Deserialize)]
pub(crate) struct AnswerWith {
    pub(crate) method: String,
    pub(crate) result: Value,
}

fn somebody_elses() -> String {
    "somebody-elses".to_owned()
}

fn public() -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(149, 154, 160, 1))
}
