//! A bot: who it is, what its token still opens, and where its updates go.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::ids::{BotId, Token};
use crate::kinds::{KINDS, Kind};
use crate::queue::UpdateQueue;
use crate::resolve::Target;
use crate::webhook_url::WebhookUrl;

/// What becomes of calls with a bot's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// They are answered.
    Active,
    /// 401 until it is enabled again.
    Disabled,
    /// 401 for ever.
    Deleted,
    /// 400 `Logged out`.
    LoggedOut,
}

/// A bot and everything Telegram keeps of it.
#[derive(Debug)]
pub(crate) struct Bot {
    pub(crate) id: BotId,
    pub(crate) token: Token,
    pub(crate) name: String,
    pub(crate) username: String,
    /// Whether it lives in the test environment.
    pub(crate) test: bool,
    pub(crate) standing: Standing,
    pub(crate) queue: UpdateQueue,
    pub(crate) webhook: Option<Webhook>,
    pub(crate) allowed: Allowed,
    pub(crate) poll: Option<Poll>,
    /// The setWebhook that is under way.
    pub(crate) setting: Option<Setting>,
    /// While its token is fresh, and refused at times.
    pub(crate) unsettled: Option<Unsettled>,
    /// The clock's reading before which another setWebhook is refused.
    pub(crate) next_set_webhook: Duration,
    /// The clock's reading before which a 409 is held back.
    pub(crate) next_conflict: Duration,
    pub(crate) synchronization_error: Option<i64>,
    /// When this instance logged in.
    pub(crate) logged_in: Duration,
    /// setMyCommands, by scope and language.
    pub(crate) commands: HashMap<String, Value>,
}

impl Bot {
    /// The bot as a `User`, as it appears in messages.
    pub(crate) fn user(&self) -> Value {
        json!({
            "id": self.id,
            "is_bot": true,
            "first_name": self.name,
            "username": self.username,
        })
    }

    /// Makes whoever delivers or waits look at the queue.
    pub(crate) fn wake(&self) {
        if let Some(webhook) = &self.webhook {
            webhook.wake.notify_one();
        }
        if let Some(poll) = &self.poll {
            poll.wake.notify_one();
        }
    }

    /// Ends delivery at once and forgets the webhook with its errors. Whether there was one.
    pub(crate) fn erase_webhook(&mut self) -> bool {
        self.webhook
            .take()
            .map(|webhook| webhook.stop.cancel())
            .is_some()
    }

    /// Whether calls with its token are answered.
    pub(crate) fn is_active(&self) -> bool {
        self.standing == Standing::Active
    }

    /// Whether a setWebhook is under way.
    pub(crate) fn is_setting(&self) -> bool {
        let setting = self.setting.as_ref();
        setting.is_some_and(|setting| setting.ended.is_none())
    }

    /// Fails the setWebhook that is under way, if one is.
    pub(crate) fn end_setting(&mut self, code: u16, text: &'static str) {
        if let Some(setting) = self.setting.as_mut().filter(|it| it.ended.is_none()) {
            setting.ended = Some((code, text));
            setting.wake.notify_one();
        }
    }

    /// Whether a call with its fresh token is refused yet.
    pub(crate) fn refuses_fresh_token(&mut self, now: Duration) -> bool {
        let Some(unsettled) = &mut self.unsettled else {
            return false;
        };
        if unsettled.calls > 0 {
            unsettled.calls -= 1;
            return true;
        }
        now < unsettled.until
    }

    /// Fails the getUpdates that waits, if one does.
    pub(crate) fn end_poll(&mut self, code: u16, text: &'static str) {
        if let Some(poll) = &mut self.poll {
            poll.ended = Some((code, text));
            poll.wake.notify_one();
        }
    }
}

/// A webhook as it was set.
#[derive(Debug)]
pub(crate) struct Webhook {
    /// The URL exactly as it was passed.
    pub(crate) url: String,
    pub(crate) parsed: WebhookUrl,
    pub(crate) target: Target,
    /// The `ip_address` parameter; empty when there was none.
    pub(crate) fixed_address: String,
    pub(crate) max_connections: usize,
    pub(crate) secret: String,
    pub(crate) has_certificate: bool,
    pub(crate) last_error: Option<(i64, String)>,
    /// The clock's reading at which its name is looked up again.
    pub(crate) look_up_at: Duration,
    /// Whether somebody delivers to it yet.
    pub(crate) has_sender: bool,
    pub(crate) wake: Arc<Notify>,
    pub(crate) stop: CancellationToken,
}

/// A setWebhook whose name is being resolved.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) number: u64,
    pub(crate) url: String,
    pub(crate) max_connections: usize,
    pub(crate) wake: Arc<Notify>,
    /// The refusal that ended it.
    pub(crate) ended: Option<(u16, &'static str)>,
}

/// A fresh token that the servers do not all know yet: so many calls get 401, and all calls before a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsettled {
    pub(crate) calls: u32,
    pub(crate) until: Duration,
}

/// A getUpdates that waits.
#[derive(Debug)]
pub(crate) struct Poll {
    pub(crate) number: u64,
    pub(crate) wake: Arc<Notify>,
    /// The refusal that ended it.
    pub(crate) ended: Option<(u16, &'static str)>,
}

/// Which kinds of update are made for a bot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Allowed {
    #[default]
    Default,
    /// In the order of [`KINDS`].
    These(Vec<&'static str>),
}

impl Allowed {
    pub(crate) fn lets(&self, kind: &Kind) -> bool {
        match self {
            Self::Default => kind.in_default(),
            Self::These(kinds) => kinds.contains(&kind.name),
        }
    }

    /// What the `allowed_updates` parameter asks for; `None` where the previous setting stays.
    pub(crate) fn read(parameter: &str) -> Option<Self> {
        let names: Vec<String> = serde_json::from_str(parameter).ok()?;
        let wanted = |kind: &&Kind| {
            names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(kind.name))
        };
        let kinds: Vec<&'static str> = KINDS.iter().filter(wanted).map(|kind| kind.name).collect();
        let is_default = KINDS
            .iter()
            .all(|kind| kinds.contains(&kind.name) == kind.in_default());
        Some(if kinds.is_empty() || is_default {
            Self::Default
        } else {
            Self::These(kinds)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_updates_forgives_much() {
        assert_eq!(
            Allowed::read(r#"["Message","nonsense","chat_member"]"#),
            Some(Allowed::These(vec!["message", "chat_member"]))
        );
        assert_eq!(Allowed::read("[]"), Some(Allowed::Default));
        assert_eq!(Allowed::read(r#"["nonsense"]"#), Some(Allowed::Default));
        for ignored in ["", "null", "{}", "[1]", "message"] {
            assert_eq!(Allowed::read(ignored), None, "{ignored}");
        }
    }
}
