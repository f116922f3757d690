//! Others who hold a bot's token get in the way: they are recognised, told of, and not fought.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::json;

use super::bot::{DemoBot, SOON};
use super::told::{after, degraded, diagnosed, healthy};
use crate::stage::Stage;
use crate::stage::events::Events;
use crate::steps::shown;

/// Where another service lives.
pub(crate) const RIVAL: &str = "rival.example";

/// Chats of people who write to a bot that does not hear them, and after it was healed.
const UNHEARD: i64 = 4_301;
const HEARD: i64 = 4_401;

/// More wrong secrets than it takes.
const WRITERS: i64 = 5;

/// A bot in a rival's hands.
pub(crate) struct Taken<'a> {
    bot: &'a DemoBot,
    code: &'static str,
    since: Instant,
    /// How often the server had registered it by then.
    registered: usize,
}

impl<'a> Taken<'a> {
    fn new(bot: &'a DemoBot, code: &'static str) -> Result<Self> {
        let registered = bot.registrations()?;
        Ok(Self {
            bot,
            code,
            since: Instant::now(),
            registered,
        })
    }
}

/// Another service sets its own webhook, with the token in its address as some do.
pub(crate) fn overwritten<'a>(
    stage: &Stage,
    bot: &'a DemoBot,
    events: &Events,
) -> Result<(String, Taken<'a>)> {
    let url = format!("https://{RIVAL}/hook/{}", bot.token());
    let act = json!({"action": "set_webhook", "url": url});
    let code = "webhook_taken_over";
    let (from, taken) = (events.count(), Taken::new(bot, code)?);
    stage.telegram.rival(bot.id, act)?;
    let told = diagnosed(stage, bot, code)?;
    ensure!(
        told.sentence.contains(RIVAL),
        "the sentence does not name {RIVAL}: {}",
        told.sentence
    );
    let event = degraded(events, bot, from, code)?;
    let first = format!(
        "seen by the diagnosis (else by the sweep), event after {}",
        after(&event, taken.since)
    );
    Ok((told.below(&first), taken))
}

/// Somebody's polling library deletes the webhook, and polls from then on.
pub(crate) fn deleted<'a>(
    stage: &Stage,
    bot: &'a DemoBot,
    events: &Events,
) -> Result<(String, Taken<'a>)> {
    let code = "webhook_removed";
    let (from, taken) = (events.count(), Taken::new(bot, code)?);
    stage.telegram.rival(bot.id, json!({"action": "poll"}))?;
    let told = diagnosed(stage, bot, code)?;
    let event = degraded(events, bot, from, code)?;
    let first = format!(
        "seen by the diagnosis (else by the sweep), event after {}",
        after(&event, taken.since)
    );
    Ok((told.below(&first), taken))
}

/// Somebody sets our own address again, without the secret; what people write shows it.
pub(crate) fn unsecured<'a>(
    stage: &Stage,
    bot: &'a DemoBot,
    events: &Events,
) -> Result<(String, Taken<'a>)> {
    stage
        .telegram
        .rival(bot.id, json!({"action": "drop_secret"}))?;
    let code = "webhook_secret_mismatch";
    let (from, taken) = (events.count(), Taken::new(bot, code)?);
    for writer in 0..WRITERS {
        stage.telegram.send(bot.id, UNHEARD + writer, "/start")?;
    }
    let event = degraded(events, bot, from, code)?;
    let told = diagnosed(stage, bot, code)?;
    let first = format!(
        "seen by requests without our secret, event after {}",
        after(&event, taken.since)
    );
    Ok((told.below(&first), taken))
}

/// None was fought until now; Reconnect alone heals each, though the polling library still polls.
pub(crate) fn reconnected(stage: &Stage, taken: &[Taken<'_>], events: &Events) -> Result<String> {
    let mut told = Vec::new();
    for one in taken {
        let Taken { bot, code, .. } = one;
        let unfought = unfought(stage, one)?;
        let (from, began) = (events.count(), Instant::now());
        stage.server.reconnect(bot.project)?;
        let took = shown(began.elapsed());
        let event = healthy(events, bot, from)?;
        healed(stage, one)?;
        told.push(format!(
            "{code}: {unfought}; Reconnect took {took}, event `healthy` after {}",
            after(&event, began)
        ));
    }
    for Taken { bot, .. } in taken {
        let stop = json!({"action": "stop_polling"});
        stage.telegram.rival(bot.id, stop)?;
        diagnosed(stage, bot, "healthy")?;
    }
    Ok(format!(
        "each healed by Reconnect alone\n{}",
        told.join("\n")
    ))
}

/// Fails when we did anything about it unasked, or when it is over.
fn unfought(stage: &Stage, taken: &Taken<'_>) -> Result<String> {
    let Taken { bot, code, .. } = taken;
    let waited = taken.since.elapsed();
    diagnosed(stage, bot, code)?;
    let unasked = bot.registrations()? - taken.registered;
    ensure!(
        unasked == 0,
        "{code} was fought: {unasked} calls of setWebhook unasked"
    );
    Ok(format!("no setWebhook unasked in {}", shown(waited)))
}

/// Waits until the bot answers, and fails unless one more setWebhook was what it took.
fn healed(
    stage: &Stage,
    Taken {
        bot, registered, ..
    }: &Taken<'_>,
) -> Result<()> {
    stage.telegram.send(bot.id, HEARD, "/start")?;
    bot.message_to(HEARD, 1, SOON)?;
    let times = bot.registrations()? - registered;
    ensure!(times == 1, "it took {times} calls of setWebhook");
    Ok(())
}
