//! Failures of delivery on demand: what Telegram meets on its way to a webhook, and then says of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::BotId;

/// Deliveries that shall fail, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeliveryFailure {
    /// The bot whose deliveries fail; every bot's when absent.
    #[serde(default)]
    pub bot: Option<BotId>,
    /// How many fail; when absent, all until failures are cleared.
    #[serde(default)]
    pub times: Option<u32>,
    /// How they fail.
    pub how: DeliveryFault,
}

/// How a delivery fails. What the text says is what getWebhookInfo shows as `last_error_message`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliveryFault {
    /// No connection stands; nothing reaches the receiver. The system's text, such as [`Self::REFUSED`].
    Connect(String),
    /// A connection stands and ends without a request. The TLS library's text, such as [`Self::UNTRUSTED`].
    Tls(String),
    /// The receiver gets the request, and its answer is waited for in vain, so many milliseconds: `Read timeout expired`.
    ReadTimeout(u64),
    /// The request cannot be written, so many milliseconds: `Write timeout expired`. Nothing reaches the receiver.
    WriteTimeout(u64),
    /// The receiver gets the request and answers, and the answer is lost or cannot be read. Any text, such as [`Self::RESET`].
    Lost(String),
    /// The same, by a connection that is closed in order: that leaves no text.
    Closed,
    /// Somebody before the receiver answers in its place: status and reason. `Wrong response from the webhook: …`
    Status(u16, String),
}

/// The stage of a delivery at which something can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Connect,
    Request,
}

impl DeliveryFailure {
    /// All deliveries of a bot fail like this, until failures are cleared.
    #[must_use]
    pub fn of(bot: BotId, how: DeliveryFault) -> Self {
        Self {
            bot: Some(bot),
            times: None,
            how,
        }
    }

    /// Only the next ones.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }
}

impl DeliveryFault {
    /// Nobody listens.
    pub const REFUSED: &str = "Connection refused";
    /// Nobody answers at all.
    pub const TIMED_OUT: &str = "Connection timed out";
    /// The connection broke in the middle.
    pub const RESET: &str = "Connection reset by peer";
    /// The certificate is not one that Telegram trusts.
    pub const UNTRUSTED: &str =
        "SSL error {error:0A000086:SSL routines::certificate verify failed}";

    pub(crate) fn stage(&self) -> Stage {
        match self {
            Self::Connect(_) | Self::Tls(_) => Stage::Connect,
            _ => Stage::Request,
        }
    }

    /// How long it takes, in the simulator's time.
    pub(crate) fn wait(&self) -> Duration {
        match self {
            Self::ReadTimeout(ms) | Self::WriteTimeout(ms) => Duration::from_millis(*ms),
            _ => Duration::ZERO,
        }
    }
}

/// The failures still to come.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<DeliveryFailure>);

impl Faults {
    pub(crate) fn add(&mut self, failure: DeliveryFailure) {
        self.0.push(failure);
    }

    /// Clears a bot's failures, or all.
    pub(crate) fn clear(&mut self, bot: Option<BotId>) {
        self.0.retain(|failure| bot.is_some() && failure.bot != bot);
    }

    /// Whether no new connection of the bot will stand.
    pub(crate) fn bar(&self, bot: BotId) -> bool {
        self.0.iter().any(|it| it.strikes(bot, Stage::Connect))
    }

    /// The failure that strikes now, used up by one.
    pub(crate) fn strike(&mut self, bot: BotId, stage: Stage) -> Option<DeliveryFault> {
        let failure = self.0.iter_mut().find(|it| it.strikes(bot, stage))?;
        if let Some(times) = &mut failure.times {
            *times -= 1;
        }
        Some(failure.how.clone())
    }
}

impl DeliveryFailure {
    fn strikes(&self, bot: BotId, stage: Stage) -> bool {
        self.times != Some(0)
            && self.how.stage() == stage
            && self.bot.is_none_or(|wanted| wanted == bot)
    }
}
