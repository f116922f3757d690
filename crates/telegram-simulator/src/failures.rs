//! Failures on demand.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::BotId;

/// Calls that shall fail, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The bot whose calls fail; every bot's when absent.
    #[serde(default)]
    pub bot: Option<BotId>,
    /// The method that fails, whatever its case; every method when absent.
    #[serde(default)]
    pub method: Option<String>,
    /// How many calls fail.
    #[serde(default = "once")]
    pub times: u32,
    /// How they fail.
    pub how: FailureKind,
}

/// How a call fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureKind {
    /// 429, with these seconds to wait.
    TooManyRequests(u32),
    /// A status of one's choice (500, 502 …) with `Internal Server Error` or the like for a text.
    Status(u16),
    /// A page of HTML with this status, as a front end in trouble sends it.
    NotJson(u16),
    /// 401 `Unauthorized`, as a fresh token may get for a while.
    Unauthorized,
    /// The call is not done and the connection is cut.
    Cut,
    /// The call is done, but the connection is cut before the answer.
    CutAfter,
    /// The call is not done and no answer comes for so many milliseconds; then the connection is cut.
    Silence(u64),
    /// The call is done and answered, but only after so many milliseconds.
    Delay(u64),
}

impl Failure {
    /// The next calls, of every bot and method, fail like this.
    #[must_use]
    pub fn next(times: u32, how: FailureKind) -> Self {
        Self {
            bot: None,
            method: None,
            times,
            how,
        }
    }

    /// Only this bot's calls.
    #[must_use]
    pub fn of(self, bot: BotId) -> Self {
        Self {
            bot: Some(bot),
            ..self
        }
    }

    /// Only calls of this method.
    #[must_use]
    pub fn on(self, method: &str) -> Self {
        Self {
            method: Some(method.to_owned()),
            ..self
        }
    }
}

impl FailureKind {
    /// How long the answer is held back, in the simulator's time.
    pub(crate) fn wait(&self) -> Duration {
        match self {
            Self::Silence(ms) | Self::Delay(ms) => Duration::from_millis(*ms),
            _ => Duration::ZERO,
        }
    }
}

/// The failures still to come.
#[derive(Debug, Default)]
pub(crate) struct Failures(Vec<Failure>);

impl Failures {
    pub(crate) fn add(&mut self, failure: Failure) {
        self.0.push(failure);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The failure that strikes this call, used up by one.
    pub(crate) fn strike(&mut self, bot: Option<BotId>, method: &str) -> Option<FailureKind> {
        let failure = self.0.iter_mut().find(|failure| {
            failure.times > 0
                && (failure.bot.is_none() || failure.bot == bot)
                && failure
                    .method
                    .as_deref()
                    .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
        })?;
        failure.times -= 1;
        let how = failure.how.clone();
        self.0.retain(|failure| failure.times > 0);
        Some(how)
    }
}

fn once() -> u32 {
    1
}
