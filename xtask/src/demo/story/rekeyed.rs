//! The master key is replaced while many people tap and write, by the commands that an operator would give.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::Value;

use super::bot::{DemoBot, SOON};
use super::cast::Cast;
use super::crowd::{self, CHATS, Done, PER_SECOND, taps_and_starts};
use super::told::diagnosed;
use crate::stage::Stage;
use crate::stage::events::Events;
use crate::stage::process::eventually;
use crate::steps::shown;

/// Two minutes of them, if it takes so long.
const MOST: usize = 24_000;

/// So many were acknowledged when the key is replaced, and so many come after that.
const BEFORE: usize = 300;
const AFTERWARDS: usize = 200;

/// Webhooks are looked at every five seconds, and ten a second move.
const MOVING: Duration = Duration::from_secs(90);

/// Leaves the processor to the server between two commands.
const REST: Duration = Duration::from_millis(200);

/// The chat of somebody who writes to every bot after the restart.
const WRITING: i64 = 4_701;

/// Replaces the key: nothing is lost, reordered or handled twice, and after a restart every bot answers.
pub(crate) fn replace(stage: &mut Stage, cast: &Cast, events: &Events) -> Result<String> {
    let (telegram, bot, heard) = (stage.telegram, &cast.rekeyed, events.count());
    let id = bot.id;
    let end = Arc::new(AtomicUsize::new(MOST));
    let theirs = Arc::clone(&end);
    let people = thread::spawn(move || crowd::act_until(telegram, id, &theirs, taps_and_starts));
    let replaced = under_load(stage, cast);
    // Also when it failed: nobody waits for a crowd of two minutes.
    let so_far = crowd::updates(&telegram, bot)?.len();
    end.store(so_far + AFTERWARDS, Ordering::Relaxed);
    let done = people.join().map_err(|_| anyhow!("the crowd panicked"))??;
    let keys = replaced?;
    let judged = judge(stage, bot, &done)?;
    diagnosed(stage, bot, "healthy")?;
    let refused = retire_refused(stage)?;
    let opened = after_restart(stage, cast)?;
    ensure_good_health(events, heard)?;
    Ok(format!("{judged}\n{keys}\n{refused}\n{opened}"))
}

fn judge(stage: &Stage, bot: &DemoBot, done: &[Done]) -> Result<String> {
    crowd::settle(&stage.telegram, bot, done)?;
    let tally = crowd::tally(&stage.telegram, bot, done)?;
    let told = format!(
        "{} lost, {} reordered, {} handled twice, of {} updates in {CHATS} chats, {PER_SECOND} a second",
        tally.lost,
        tally.reordered,
        tally.again,
        done.len()
    );
    ensure!(tally.lost + tally.reordered + tally.again == 0, "{told}");
    Ok(told)
}

/// Gives the commands, until nothing follows from key 1 but webhooks that were replaced.
fn under_load(stage: &Stage, cast: &Cast) -> Result<String> {
    eventually("updates before the key is replaced", SOON, || {
        let updates = crowd::updates(&stage.telegram, &cast.rekeyed)?.into_iter();
        let taken = updates.filter(|update| update.acknowledged_us.is_some());
        Ok((taken.count() >= BEFORE).then_some(()))
    })?;
    next_is(stage, "nothing")?;
    stage.command(&["keys", "add"])?;
    next_is(stage, "promote")?;
    stage.command(&["keys", "promote", "2"])?;
    let promoted = Instant::now();
    let rewrapped = stage.command(&["keys", "rewrap"])?;
    let status = eventually("webhooks under key 2", MOVING, || {
        let status = stage.command_json(&["keys", "status"])?;
        // A bot that was being changed is left for the next run.
        if status["next"]["step"] == "rewrap" {
            stage.command(&["keys", "rewrap"])?;
        }
        let needed: u64 = ["sealed_tokens", "sealed_secrets", "registrations"]
            .map(|what| uses(&status, 1, what))
            .iter()
            .sum();
        if needed == 0 {
            return Ok(Some(status));
        }
        thread::sleep(REST);
        Ok(None)
    })?;
    let took = shown(promoted.elapsed());
    let bots = all_moved(cast)?;
    let counted = uses(&status, 2, "registrations");
    ensure!(
        counted == u64::try_from(bots)?,
        "{counted} webhooks of {bots} are counted under key 2"
    );
    let first = rewrapped.lines().next().unwrap_or_default();
    Ok(format!(
        "{bots} of {bots} bots registered under key 2 {took} after `keys promote 2`, no event of bad health\n`keys rewrap`: {first}"
    ))
}

/// Every bot's latest webhook follows from key 2, and took one setWebhook more than those of key 1.
fn all_moved(cast: &Cast) -> Result<usize> {
    let mut bots = 0;
    for bot in cast.all() {
        let webhooks = bot.webhooks()?;
        let keys: Vec<&str> = webhooks.iter().map(|webhook| webhook.key()).collect();
        let moved = keys.iter().filter(|key| **key == "2").count();
        ensure!(
            moved == 1 && keys.last() == Some(&"2"),
            "the webhooks of {} follow from the keys {keys:?}",
            bot.project
        );
        bots += 1;
    }
    Ok(bots)
}

fn next_is(stage: &Stage, step: &str) -> Result<()> {
    let next = stage.command_json(&["keys", "status"])?["next"].take();
    ensure!(
        next["step"] == step,
        "the next step is to be {step}, and is {next}"
    );
    Ok(())
}

/// Webhooks of key 1 are accepted for ten minutes more, and the key cannot go before.
fn retire_refused(stage: &Stage) -> Result<String> {
    let status = stage.command_json(&["keys", "status"])?;
    let next = status["next"]["sentence"].as_str();
    let next = next.context("`keys status` does not say what is next")?;
    let replaced = uses(&status, 1, "previous_registrations");
    ensure!(
        status["next"]["step"] == "wait" && replaced > 0,
        "nothing is to be waited for: {status}"
    );
    let Err(refused) = stage.command(&["keys", "retire", "1"]) else {
        bail!("key 1 was retired, and {replaced} webhooks of it are still accepted");
    };
    let refused = refused.to_string();
    ensure!(
        ["KEY_TOO_NEW", "KEY_IN_USE"].map(|code| refused.contains(code)) != [false; 2],
        "`keys retire 1` failed otherwise: {refused}"
    );
    let (_, why) = refused.split_once(": ").unwrap_or(("", &refused));
    let (why, _) = why.split_once(". ").unwrap_or((why, ""));
    Ok(format!("next: {next}\n`keys retire 1` was refused: {why}"))
}

fn after_restart(stage: &mut Stage, cast: &Cast) -> Result<String> {
    stage.crash_server()?;
    let status = stage.command_json(&["keys", "status"])?;
    let states: Vec<_> = [1, 2].map(|id| key(&status, id)["state"].clone()).into();
    ensure!(
        states == ["open", "primary"],
        "after a restart the keys are {states:?}"
    );
    for bot in cast.all() {
        stage.telegram.send(bot.id, WRITING, "/start")?;
    }
    let mut bots = 0;
    for bot in cast.all() {
        bot.message_to(WRITING, 1, SOON)?;
        bots += 1;
    }
    Ok(format!("after kill -9 and a start, {bots} bots answer"))
}

fn ensure_good_health(events: &Events, from: usize) -> Result<()> {
    let all = events.all()?;
    let bad = all[from..]
        .iter()
        .find(|event| event.status.as_deref() == Some("degraded"));
    ensure!(
        bad.is_none(),
        "a bot was told of as degraded: {:?}",
        bad.map(|event| (&event.project, &event.reason))
    );
    Ok(())
}

fn key(status: &Value, id: u64) -> &Value {
    let keys = status["keys"].as_array().map(Vec::as_slice);
    let mut keys = keys.unwrap_or_default().iter();
    keys.find(|key| key["key"] == id).unwrap_or(&Value::Null)
}

fn uses(status: &Value, id: u64, what: &str) -> u64 {
    key(status, id)["uses"][what].as_u64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn uses_are_those_of_the_key() {
        let status = json!({"keys": [{"key": 1, "uses": {"registrations": 3}}, {"key": 2, "uses": {"registrations": 9}}]});
        assert_eq!(uses(&status, 2, "registrations"), 9);
        assert_eq!(uses(&status, 3, "registrations"), 0);
    }
}
