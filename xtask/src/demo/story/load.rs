//! The bot gets a new token while many people tap and write.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use super::bot::{DemoBot, SOON};
use super::crowd::{self, CHATS, PER_SECOND, taps_and_starts};
use super::told::diagnosed;
use crate::stage::Stage;
use crate::stage::process::eventually;
use crate::stage::simulator::Update;
use crate::steps::shown;

/// Eight seconds of them: before, during and after.
const UPDATES: usize = 1_600;

/// So many were acknowledged when the token is revoked.
const BEFORE: usize = 400;

/// So many wait at Telegram when the new token is pasted.
const MEANWHILE: usize = 100;

/// Replaces the token while the crowd is at it: nothing is lost, reordered or handled twice.
pub(crate) fn rotate(stage: &Stage, bot: &mut DemoBot) -> Result<String> {
    let (telegram, id) = (stage.telegram, bot.id);
    let people = thread::spawn(move || crowd::act(telegram, id, UPDATES, taps_and_starts));
    until(stage, bot, "updates before the rotation", |updates| {
        acknowledged(updates).len() >= BEFORE
    })?;
    let fresh = telegram.revoke(id)?;
    let revoked_us = telegram.now_us()?;
    bot.tokens.push(fresh.token);
    until(stage, bot, "updates that wait at Telegram", |updates| {
        let made = updates.len();
        made - acknowledged(updates).len() >= MEANWHILE
    })?;
    let registered = bot.registrations()?;
    let pasted_us = telegram.now_us()?;
    stage.server.connect(bot.project, bot.token())?;
    eventually("a webhook for the new token", SOON, || {
        Ok((bot.registrations()? > registered).then_some(()))
    })?;
    let done = people.join().map_err(|_| anyhow!("the crowd panicked"))??;
    crowd::settle(&telegram, bot, &done)?;
    let tally = crowd::tally(&telegram, bot, &done)?;
    let told = format!(
        "{} lost, {} reordered, {} handled twice, of {} updates in {CHATS} chats, {PER_SECOND} a second",
        tally.lost,
        tally.reordered,
        tally.again,
        done.len()
    );
    ensure!(tally.lost + tally.reordered + tally.again == 0, "{told}");
    diagnosed(stage, bot, "healthy")?;
    let times = acknowledged(&crowd::updates(&telegram, bot)?);
    let gap = longest_gap(&times).context("nothing was acknowledged")?;
    let back_us = times.iter().find(|at| **at >= pasted_us);
    let back_us = back_us.context("nothing was acknowledged with the new token")?;
    Ok(format!(
        "{told}; {} taps overtook one that had been refused\nno acknowledgement for {}: the new token was pasted {} after the old one was revoked, and {} later updates were acknowledged again",
        tally.overtook,
        shown(gap),
        since(pasted_us, revoked_us),
        since(*back_us, pasted_us)
    ))
}

fn until(
    stage: &Stage,
    bot: &DemoBot,
    what: &str,
    is_so: impl Fn(&[Update]) -> bool,
) -> Result<()> {
    eventually(what, SOON, || {
        let updates = crowd::updates(&stage.telegram, bot)?;
        Ok(is_so(&updates).then_some(()))
    })
}

/// When updates were acknowledged, in microseconds, the earliest first.
fn acknowledged(updates: &[Update]) -> Vec<u64> {
    let times = updates.iter().filter_map(|update| update.acknowledged_us);
    let mut times: Vec<u64> = times.collect();
    times.sort_unstable();
    times
}

fn longest_gap(times_us: &[u64]) -> Option<Duration> {
    let gaps = times_us.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.max().map(Duration::from_micros)
}

fn since(to_us: u64, from_us: u64) -> String {
    shown(Duration::from_micros(to_us.saturating_sub(from_us)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gap_is_between_neighbours() {
        let update = |at| Update {
            update_id: 1,
            chat: None,
            first_post_us: None,
            acknowledged_us: at,
            dropped_us: None,
        };
        let times = acknowledged(&[
            update(Some(900)),
            update(None),
            update(Some(100)),
            update(Some(300)),
        ]);
        assert_eq!(times, [100, 300, 900]);
        assert_eq!(longest_gap(&times), Some(Duration::from_micros(600)));
        assert_eq!(longest_gap(&times[..1]), None);
    }
}
