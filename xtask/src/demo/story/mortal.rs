//! Bots whose token Telegram refuses: one that is deleted, and one that is disabled for a while.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::bot::{DemoBot, SOON};
use super::told::{Told, after, degraded, diagnosed, healthy};
use crate::stage::Stage;
use crate::stage::events::{Event, Events};
use crate::stage::process::eventually;
use crate::steps::shown;

const CODE: &str = "telegram_api_unauthorized";

/// The chat of somebody who taps while the token dies, and of somebody who writes when it works again.
const TAPPING: i64 = 4_501;
const WRITING: i64 = 4_601;

/// What an answer takes meanwhile, so that there is always a next call.
const SLOWNESS: Duration = Duration::from_millis(100);
const TAPS: usize = 60;

/// How soon the platform must hear of it.
const IN_TIME: Duration = Duration::from_secs(2);

/// The longest until a token that works again is tried: a minute for each dead one there may be, and some.
const COME_BACK: Duration = Duration::from_secs(200);

/// BotFather deletes a bot. It must be told in time of one of these: a busy machine may be late once.
pub(crate) fn deleted(stage: &Stage, bots: &[DemoBot], events: &Events) -> Result<String> {
    let mut late = Vec::new();
    for bot in bots {
        let end = || stage.telegram.delete(bot.id);
        let (event, since) = refused_at_work(stage, bot, events, end)?;
        let told = diagnosed(stage, bot, CODE)?;
        if event.at.saturating_duration_since(since) < IN_TIME {
            return Ok(told.below(&seen(&event, since)));
        }
        late.push(after(&event, since));
    }
    bail!("the event came too late each time: after {late:?}")
}

/// BotFather disables a bot.
pub(crate) fn disabled(stage: &Stage, bot: &DemoBot, events: &Events) -> Result<String> {
    let end = || stage.telegram.disable(bot.id);
    let (event, since) = refused_at_work(stage, bot, events, end)?;
    let told: Told = diagnosed(stage, bot, CODE)?;
    Ok(told.below(&seen(&event, since)))
}

/// BotFather enabled it at this moment: it comes back by itself.
pub(crate) fn enabled(
    stage: &Stage,
    bot: &DemoBot,
    events: &Events,
    (from, since): (usize, Instant),
    registered: usize,
) -> Result<String> {
    eventually(
        "a webhook for a bot that was enabled again",
        COME_BACK,
        || Ok((bot.registrations()? > registered).then_some(())),
    )?;
    let event = healthy(events, bot, from)?;
    stage.telegram.send(bot.id, WRITING, "/start")?;
    bot.message_to(WRITING, 1, SOON)?;
    let told = diagnosed(stage, bot, "healthy")?;
    let times = bot.registrations()? - registered;
    ensure!(
        times == 1,
        "it was registered {times} times instead of once"
    );
    let first = format!(
        "one setWebhook unasked, event `healthy` {} after it was enabled (dead tokens are tried once a minute)",
        after(&event, since)
    );
    Ok(told.below(&first))
}

/// Has somebody tap until the bot's token ends, and waits for what is told because of the first call that is refused.
fn refused_at_work(
    stage: &Stage,
    bot: &DemoBot,
    events: &Events,
    end: impl FnOnce() -> Result<()>,
) -> Result<(Event, Instant)> {
    stage
        .telegram
        .slow_down(bot.id, "answerCallbackQuery", SLOWNESS)?;
    for number in 0..TAPS {
        let id = format!("last-{number:02}");
        stage.telegram.tap_with_id(bot.id, TAPPING, &id)?;
    }
    eventually("a bot at work", SOON, || {
        let updates = stage.telegram.updates(bot.id)?.into_iter();
        let taken = updates.filter(|update| update.acknowledged_us.is_some());
        let (taken, answered) = (taken.count(), bot.answered_taps()?.len());
        Ok((answered > 0 && taken > answered + 5).then_some(()))
    })?;
    let (from, since) = (events.count(), Instant::now());
    end()?;
    let event = degraded(events, bot, from, CODE)?;
    stage.telegram.speed_up()?;
    Ok((event, since))
}

fn seen(event: &Event, since: Instant) -> String {
    let took = shown(event.at.saturating_duration_since(since));
    format!("seen by a call that was refused, event after {took}")
}
