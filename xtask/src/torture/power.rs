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

/// How often the careless server may get away with it. Every update that waits in it when the power fails is lost.
const CARELESS_ROUNDS: usize = 3;

/// How often that is tried.
const CARELESS_TURNS: u64 = 5;

/// How long its losses are waited for.
const CARELESS_LIMIT: Duration = Duration::from_secs(3);

/// So many power cuts; nothing acknowledged is lost. Then a few with a careless server: that must be seen to lose something.
pub(crate) fn run(seed: u64, rounds: usize, limit: Duration) -> Result<()> {
    let began = Instant::now();
    let (ended, lost) = cut(seed, rounds, limit, false)?;
    let time = shown(began.elapsed());
    println!(
        "power-loss suite: {rounds} cuts in {time}, {lost} unsynced bytes lost, half of the cuts with torn writes"
    );
    let verdict = judge(&ended);
    approve(&verdict)?;
    sees_loss(seed, CARELESS_ROUNDS.min(rounds))
}

/// Has a server that does not sync lose something. Everything is on disk by chance when the power fails right after its log was moved:
/// then again.
fn sees_loss(seed: u64, rounds: usize) -> Result<()> {
    for turn in 0..CARELESS_TURNS {
        let (ended, lost) = cut(seed.wrapping_add(turn), rounds, CARELESS_LIMIT, true)?;
        println!("with synchronous=NORMAL instead: {lost} unsynced bytes lost");
        let lost = judge(&ended).lost();
        println!("  {lost} acknowledged updates lost, as was to be seen");
        if lost > 0 {
            return Ok(());
        }
    }
    bail!("a server that does not sync lost nothing: this suite sees no loss")
}

fn judge(ended: &Ended) -> Verdict {
    let verdict = check::judge(&ended.story);
    report(ended, &verdict);
    verdict
}

fn cut(seed: u64, rounds: usize, limit: Duration, careless: bool) -> Result<(Ended, usize)> {
    let library = disk::build()?;
    let scratch = Scratch::new("torture")?;
    let setting = Setting {
        environment: disk::environment(&library, &scratch)?,
        ..Setting::default()
    };
    let mut play = Play::open(seed, scratch, setting, SLOWNESS)?;
    let mut numbers = Numbers::new(seed, 4);
    let mut lost = 0;
    play.kill()?;
    if careless {
        // Only now: a bot that is not connected any more would lose nothing.
        add_points(&mut play.environment, CARELESS);
    }
    for (number, end) in schedule::cuts(seed, rounds).iter().enumerate() {
        let torn = !careless && number % 2 == 1;
        let how = if torn {
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
