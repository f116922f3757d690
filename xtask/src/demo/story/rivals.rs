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
const RIVAL: &str = "rival.example";

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
}

/// Another service sets its own webhook, with the token in its address as some do.
pub(crate) fn overwritten<'a>(
    stage: &Stage,
    bot: &'a DemoBot,
    events: &Events,
) -> Result<(String, Taken<'a>)> {
    let url = format!("https://{RIVAL}/hook/{}", bot.token());
    let act = json!({"action": "set_webhook", "url": url});
    let (from, since) = (events.count(), Instant::now());
    stage.telegram.rival(bot.id, act)?;
    let code = "webhook_taken_over";
    let told = diagnosed(stage, bot, code)?;
    ensure!(
        told.sentence.contains(RIVAL),
        "the sentence does not name {RIVAL}: {}",
        told.sentence
    );
    let event = degraded(events, bot, from, code)?;
    let first = format!(
        "seen by the diagnosis (else by the sweep), event after {}",
        after(&event, since)
    );
    Ok((told.below(&first), Taken { bot, code, since }))
}

/// Somebody's polling library deletes the webhook, and polls from then on.
pub(crate) fn deleted<'a>(
    stage: &Stage,
    bot: &'a DemoBot,
    events: &Events,
) -> Result<(String, Taken<'a>)> {
    let (from, since) = (events.count(), Instant::now());
    stage.telegram.rival(bot.id, json!({"action": "poll"}))?;
    let code = "webhook_removed";
    let told = diagnosed(stage, bot, code)?;
    let event = degraded(events, bot, from, code)?;
    let first = format!(
        "seen by the diagnosis (else by the sweep), event after {}",
        after(&event, since)
    );
    Ok((told.below(&first), Taken { bot, code, since }))
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
    let (from, since) = (events.count(), Instant::now());
    for writer in 0..WRITERS {
        stage.telegram.send(bot.id, UNHEARD + writer, "/start")?;
    }
    let code = "webhook_secret_mismatch";
    let event = degraded(events, bot, from, code)?;
    let told = diagnosed(stage, bot, code)?;
    let first = format!(
        "seen by requests without our secret, event after {}",
        after(&event, since)
    );
    Ok((told.below(&first), Taken { bot, code, since }))
}

/// None was fought until now; Reconnect alone heals each, though the polling library still polls.
pub(crate) fn reconnected(stage: &Stage, taken: &[Taken<'_>], events: &Events) -> Result<String> {
    let mut told = Vec::new();
    for Taken { bot, code, since } in taken {
        let unfought = unfought(stage, bot, code, *since)?;
        let (from, began) = (events.count(), Instant::now());
        stage.server.reconnect(bot.project)?;
        let took = shown(began.elapsed());
        let event = healthy(events, bot, from)?;
        healed(stage, bot)?;
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
fn unfought(stage: &Stage, bot: &DemoBot, code: &str, since: Instant) -> Result<String> {
    let waited = since.elapsed();
    diagnosed(stage, bot, code)?;
    let unasked = bot.registrations()?.saturating_sub(1);
    ensure!(
        unasked == 0,
        "{code} was fought: {unasked} calls of setWebhook unasked"
    );
    Ok(format!("no setWebhook unasked in {}", shown(waited)))
}

/// Waits until the bot answers, and fails unless one more setWebhook was what it took.
fn healed(stage: &Stage, bot: &DemoBot) -> Result<()> {
    stage.telegram.send(bot.id, HEARD, "/start")?;
    bot.message_to(HEARD, 1, SOON)?;
    let registrations = bot.registrations()?;
    ensure!(
        registrations == 2,
        "it took {} calls of setWebhook",
        registrations.saturating_sub(1)
    );
    Ok(())
}
