//! The power-loss suite: what was not synced is gone when the server comes back.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::check::{self, Verdict};
use super::crash::{approve, report};
use super::disk::{self, Cut};
use super::numbers::Numbers;
use super::play::{Ended, Play, add_points};
use super::schedule;
use crate::scratch::Scratch;
use crate::stage::Setting;
use crate::steps::shown;

/// The server as it must not be: it does not sync before it acknowledges.
const CARELESS: &str = "sqlite-synchronous-normal=return";

/// What a call takes. Long, as only what waits in the server can be lost.
const SLOWNESS: Duration = Duration::from_millis(200);

/// What a call takes then: what is acknowledged goes on waiting until the power fails.
const CARELESS_SLOWNESS: Duration = Duration::from_secs(5);

/// So many acknowledged updates wait in it when the power fails. All of them are lost, as nothing was synced since it was started.
const CARELESS_UPDATES: usize = 3;

/// How long its losses are waited for.
const CARELESS_LIMIT: Duration = Duration::from_secs(5);

/// So many power cuts; nothing acknowledged is lost. Then one with a careless server: that must be seen to lose something.
pub(crate) fn run(seed: u64, rounds: usize, limit: Duration) -> Result<()> {
    let began = Instant::now();
    let (ended, lost) = cut(seed, rounds, limit)?;
    let time = shown(began.elapsed());
    println!(
        "power-loss suite: {rounds} cuts in {time}, {lost} unsynced bytes lost, half of the cuts with torn writes"
    );
    approve(&judge(&ended))?;
    sees_loss(seed)
}

/// Cuts the power of a server that does not sync, right when acknowledged updates wait in it.
fn sees_loss(seed: u64) -> Result<()> {
    let mut play = open(seed, CARELESS_SLOWNESS)?;
    play.kill()?;
    disk::cut(&play.stage.scratch, Cut::Clean)?;
    // Only now: a bot that is not connected any more would lose nothing.
    add_points(&mut play.environment, CARELESS);
    play.round_until_waiting(CARELESS_UPDATES)?;
    let bytes = disk::cut(&play.stage.scratch, Cut::Clean)?;
    let ended = play.end(CARELESS_LIMIT)?;
    println!("with synchronous=NORMAL instead: {bytes} unsynced bytes lost");
    let verdict = judge(&ended);
    // What was acknowledged later may merely not be handled yet.
    let cut_us = ended.story.crashes.last().copied().unwrap_or_default();
    let lost = verdict.lost_before(cut_us);
    println!("  {lost} acknowledged updates lost, as was to be seen");
    if lost == 0 {
        bail!("a server that does not sync lost nothing: this suite sees no loss");
    }
    Ok(())
}

fn judge(ended: &Ended) -> Verdict {
    let verdict = check::judge(&ended.story);
    report(ended, &verdict);
    verdict
}

/// The server on a disk whose power can be cut.
fn open(seed: u64, slowness: Duration) -> Result<Play> {
    let library = disk::build()?;
    let scratch = Scratch::new("torture")?;
    let setting = Setting {
        environment: disk::environment(&library, &scratch)?,
        ..Setting::default()
    };
    Play::open(seed, scratch, setting, slowness)
}

fn cut(seed: u64, rounds: usize, limit: Duration) -> Result<(Ended, usize)> {
    let mut play = open(seed, SLOWNESS)?;
    let mut numbers = Numbers::new(seed, 4);
    let mut lost = 0;
    play.kill()?;
    for (number, end) in schedule::cuts(seed, rounds).iter().enumerate() {
        let how = if number % 2 == 1 {
            Cut::Torn(Numbers::new(numbers.next(), 0))
        } else {
            Cut::Clean
        };
        lost += disk::cut(&play.stage.scratch, how)?;
        play.round(end)
            .with_context(|| format!("after power cut {number}"))?;
    }
    lost += disk::cut(&play.stage.scratch, Cut::Clean)?;
    Ok((play.end(limit)?, lost))
}
