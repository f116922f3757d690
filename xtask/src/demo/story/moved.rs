//! The server is started at another public address, and the webhooks move there by themselves: all but those in a rival's hands.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::bot::{DemoBot, SOON};
use super::cast::Cast;
use super::rivals::RIVAL;
use super::told::{degraded, diagnosed, healthy};
use crate::stage::Stage;
use crate::stage::events::Events;
use crate::stage::process::eventually;
use crate::steps::shown;

/// Where the server is reached from now on.
const HOST: &str = "new.bots.example.com";

const CODE: &str = "webhook_taken_over";

/// Webhooks are looked at every five seconds, and ten a second move.
const MOVING: Duration = Duration::from_secs(90);
const REST: Duration = Duration::from_millis(100);

/// The chat of somebody who writes to every bot at the new address.
const WRITING: i64 = 4_801;

/// Moves them: one setWebhook for each bot that is ours, none for the one that is not before somebody asks for it.
pub(crate) fn move_all(stage: &mut Stage, cast: &Cast, events: &Events) -> Result<String> {
    let taken = &cast.unmoved;
    let ours: Vec<&DemoBot> = cast.all().filter(|bot| bot.id != taken.id).collect();
    let mut before = Vec::new();
    for bot in &ours {
        before.push(bot.registrations()?);
    }
    let (taken_before, heard) = (taken.registrations()?, events.count());
    let url = format!("https://{RIVAL}/hook");
    let act = json!({"action": "set_webhook", "url": url});
    stage.telegram.rival(taken.id, act)?;
    stage.move_server(HOST)?;
    let began = Instant::now();
    until_due(stage, 1)?;
    let took = shown(began.elapsed());
    for (bot, before) in ours.iter().zip(before) {
        moved_once(bot, before)?;
    }
    diagnosed(stage, taken, CODE)?;
    degraded(events, taken, heard, CODE)?;
    let unasked = taken.registrations()? - taken_before;
    ensure!(unasked == 0, "the rival was fought: {unasked} setWebhook");
    // The rival lets go, and its owner presses Reconnect.
    let heard = events.count();
    stage.server.reconnect(taken.project)?;
    healthy(events, taken, heard)?;
    until_due(stage, 0)?;
    moved_once(taken, taken_before)?;
    let bots = answered(stage, cast)?;
    Ok(format!(
        "{} webhooks at {HOST} {took} after the start, one setWebhook each, and 1 due: a rival's, left alone\nReconnect of that one: 0 due; {bots} of {bots} bots answer at the new address",
        ours.len()
    ))
}

/// Asks how many webhooks are due, until they are so many.
fn until_due(stage: &Stage, wanted: u64) -> Result<()> {
    let mut last = Value::Null;
    let there = eventually(&format!("{wanted} webhooks due"), MOVING, || {
        last = stage.command_json(&["registrations"])?;
        if last["due"] == wanted {
            return Ok(Some(()));
        }
        thread::sleep(REST);
        Ok(None)
    });
    there.with_context(|| format!("`registrations` told {last}"))
}

fn moved_once(bot: &DemoBot, before: usize) -> Result<()> {
    let (times, host) = (bot.registrations()? - before, bot.webhook()?.host);
    ensure!(
        times == 1 && host == HOST,
        "{}: {times} calls of setWebhook, the last for {host}",
        bot.project
    );
    Ok(())
}

/// People write to each bot, and Telegram knows the new address only.
fn answered(stage: &Stage, cast: &Cast) -> Result<usize> {
    for bot in cast.all() {
        stage.telegram.send(bot.id, WRITING, "/start")?;
    }
    let mut bots = 0;
    for bot in cast.all() {
        bot.message_to(WRITING, 1, SOON)?;
        bots += 1;
    }
    Ok(bots)
}
