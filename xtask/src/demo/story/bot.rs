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
    pub(crate) tokens: Vec<String>,
    telegram: Simulator,
}

/// A webhook as Telegram was told of it.
pub(crate) struct Webhook {
    pub(crate) path: String,
    pub(crate) secret: String,
}

impl DemoBot {
    pub(crate) fn new(telegram: &Simulator) -> Result<Self> {
        let made = telegram.new_bot("Demo", "memberpass_demo_bot")?;
        Ok(Self {
            id: made.id,
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
        eventually(&format!("message {count} to chat {chat}"), within, || {
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

    /// Every webhook that was ever registered, oldest first.
    pub(crate) fn webhooks(&self) -> Result<Vec<Webhook>> {
        let read = |call: Call| {
            let (_, rest) = call
                .parameter("url")
                .split_once("://")
                .context("the webhook has no scheme")?;
            let (_, path) = rest.split_once('/').context("the webhook has no path")?;
            Ok(Webhook {
                path: format!("/{path}"),
                secret: call.parameter("secret_token").to_owned(),
            })
        };
        self.calls("setWebhook")?.into_iter().map(read).collect()
    }

    pub(crate) fn webhook(&self) -> Result<Webhook> {
        self.webhooks()?
            .pop()
            .context("no webhook was ever registered")
    }
}
