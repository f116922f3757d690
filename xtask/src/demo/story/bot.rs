//! The story's bot, and what the simulator knows of it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::stage::process::eventually;
use crate::stage::simulator::{Call, Simulator};

/// Long enough for whatever happens at once.
pub(crate) const SOON: Duration = Duration::from_secs(15);

/// The bot and every token it ever had.
pub(crate) struct DemoBot {
    pub(crate) id: i64,
    pub(crate) project: &'static str,
    pub(crate) tokens: Vec<String>,
    telegram: Simulator,
}

/// A webhook as Telegram was told of it.
pub(crate) struct Webhook {
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) secret: String,
}

impl Webhook {
    /// The id of the master key that path and secret follow from.
    pub(crate) fn key(&self) -> &str {
        let last = self.path.rsplit('/').next().unwrap_or_default();
        last.split('.').next().unwrap_or_default()
    }
}

impl DemoBot {
    /// A new bot for this project: `prj_demo` gets `memberpass_demo_bot`.
    pub(crate) fn new(telegram: &Simulator, project: &'static str) -> Result<Self> {
        let name = project.trim_start_matches("prj_");
        let made = telegram.new_bot("Demo", &format!("memberpass_{name}_bot"))?;
        Ok(Self {
            id: made.id,
            project,
            tokens: vec![made.token],
            telegram: *telegram,
        })
    }

    pub(crate) fn token(&self) -> &str {
        self.tokens.last().map_or("", String::as_str)
    }

    /// All calls so far of this method that succeeded.
    pub(crate) fn calls(&self, method: &str) -> Result<Vec<Call>> {
        let calls = self.telegram.calls(self.id)?;
        Ok(calls.into_iter().filter(|call| call.did(method)).collect())
    }

    /// The messages that the bot sent to a chat.
    pub(crate) fn messages_to(&self, chat: i64) -> Result<Vec<Call>> {
        let calls = self.calls("sendMessage")?.into_iter();
        Ok(calls
            .filter(|call| call.parameter("chat_id") == chat.to_string())
            .collect())
    }

    /// The text of the bot's message number `count` to a chat, once it is there.
    pub(crate) fn message_to(&self, chat: i64, count: usize, within: Duration) -> Result<String> {
        let what = format!("message {count} of {}'s bot to chat {chat}", self.project);
        eventually(&what, within, || {
            let messages = self.messages_to(chat)?;
            Ok(messages
                .get(count - 1)
                .map(|message| message.parameter("text").to_owned()))
        })
    }

    /// For each tap that was answered: when it was first.
    pub(crate) fn answered_taps(&self) -> Result<BTreeMap<String, u64>> {
        let mut answered = BTreeMap::new();
        for call in self.calls("answerCallbackQuery")? {
            answered
                .entry(call.parameter("callback_query_id").to_owned())
                .or_insert(call.at_us);
        }
        Ok(answered)
    }

    /// How often the server has asked for a webhook, in vain or not.
    pub(crate) fn registrations(&self) -> Result<usize> {
        let calls = self.telegram.calls(self.id)?;
        let ours = calls
            .iter()
            .filter(|call| call.via == "http" && call.method.eq_ignore_ascii_case("setWebhook"));
        Ok(ours.count())
    }

    /// Every webhook that the server ever registered, oldest first.
    pub(crate) fn webhooks(&self) -> Result<Vec<Webhook>> {
        let read = |call: Call| {
            let (_, rest) = call
                .parameter("url")
                .split_once("://")
                .context("the webhook has no scheme")?;
            let (host, path) = rest.split_once('/').context("the webhook has no path")?;
            Ok(Webhook {
                host: host.to_owned(),
                path: format!("/{path}"),
                secret: call.parameter("secret_token").to_owned(),
            })
        };
        let calls = self.calls("setWebhook")?.into_iter();
        calls.filter(|call| call.via == "http").map(read).collect()
    }

    pub(crate) fn webhook(&self) -> Result<Webhook> {
        self.webhooks()?
            .pop()
            .context("no webhook was ever registered")
    }
}
