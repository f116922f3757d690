//! What the server says is the matter with a bot: to whoever asks, and to whoever hears of bots.

use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::bot::{DemoBot, SOON};
use crate::stage::Stage;
use crate::stage::events::{Event, Events};
use crate::steps::shown;

/// A verdict.
pub(crate) struct Told {
    code: String,
    pub(crate) sentence: String,
    fix: String,
}

impl Told {
    /// The verdict below the first line of a step.
    pub(crate) fn below(&self, first: &str) -> String {
        let Self {
            code,
            sentence,
            fix,
        } = self;
        format!("{code}; {first}\n{sentence}\nWhat to do: {fix}")
    }
}

/// Asks why the bot is silent, and fails unless the answer has this code.
pub(crate) fn diagnosed(stage: &Stage, bot: &DemoBot, code: &str) -> Result<Told> {
    let told = stage.server.diagnose(bot.project)?;
    let text = |name: &str| {
        let text = told[name].as_str();
        let text = text.with_context(|| format!("the diagnosis has no {name}: {told}"))?;
        ensure!(!text.is_empty(), "the diagnosis has an empty {name}");
        Ok::<_, anyhow::Error>(text.to_owned())
    };
    let found = Told {
        code: text("code")?,
        sentence: text("sentence")?,
        fix: text("fix")?,
    };
    ensure!(
        found.code == code,
        "the diagnosis is {}, and {code} was expected: {told}",
        found.code
    );
    Ok(found)
}

/// Waits for the next change of the bot's status, and fails unless it is this one: degraded for this reason.
pub(crate) fn degraded(events: &Events, bot: &DemoBot, from: usize, reason: &str) -> Result<Event> {
    changed(events, bot, from, "degraded", Some(reason))
}

/// The same for a bot that works again.
pub(crate) fn healthy(events: &Events, bot: &DemoBot, from: usize) -> Result<Event> {
    changed(events, bot, from, "healthy", None)
}

fn changed(
    events: &Events,
    bot: &DemoBot,
    from: usize,
    status: &str,
    reason: Option<&str>,
) -> Result<Event> {
    let event = events.status_change(bot.project, from, SOON)?;
    ensure!(
        event.status.as_deref() == Some(status) && event.reason.as_deref() == reason,
        "{} told of {:?} {:?}, and {status} {reason:?} was expected",
        event.kind,
        event.status,
        event.reason
    );
    Ok(event)
}

/// How long after something an event came.
pub(crate) fn after(event: &Event, began: Instant) -> String {
    shown(event.at.saturating_duration_since(began))
}
