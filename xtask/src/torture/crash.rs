//! The crash suite: the server dies at random moments and at every failpoint, and comes back at once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::check::{self, Verdict};
use super::play::{Ended, Play};
use super::schedule::{self, POINTS};
use crate::scratch::Scratch;
use crate::stage::Setting;
use crate::steps::shown;

/// What a call takes.
const SLOWNESS: Duration = Duration::from_millis(30);

/// How often each way to die was aimed at, and how often it came to that.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<&'static str, (usize, usize)>);

impl Tally {
    fn count(&mut self, name: &'static str, happened: bool) {
        let (aimed, hit) = self.0.entry(name).or_default();
        *aimed += 1;
        *hit += usize::from(happened);
    }

    fn print(&self) {
        println!("  {:<28} {:>5} {:>8}", "died at", "kills", "not met");
        for (name, (aimed, hit)) in &self.0 {
            println!("  {name:<28} {hit:>5} {:>8}", aimed - hit);
        }
    }

    /// A point that is never met proves nothing.
    fn never_met(&self) -> Vec<&'static str> {
        let never = |name: &&str| self.0.get(name).is_some_and(|(_, hit)| *hit == 0);
        POINTS
            .iter()
            .map(|point| point.name)
            .filter(never)
            .collect()
    }
}

/// So many deaths, then the judgement.
pub(crate) fn run(seed: u64, rounds: usize, limit: Duration, setting: Setting<'_>) -> Result<()> {
    let began = Instant::now();
    let mut play = Play::open(seed, Scratch::new("torture")?, setting, SLOWNESS)?;
    play.kill()?;
    let mut tally = Tally::default();
    for (number, end) in schedule::mixed(seed, rounds).iter().enumerate() {
        let happened = play
            .round(end)
            .map_err(|error| error.context(format!("round {number}, {end:?}")))?;
        tally.count(end.name(), happened);
    }
    let ended = play.end(limit)?;
    println!("crash suite: {rounds} rounds in {}", shown(began.elapsed()));
    tally.print();
    let verdict = check::judge(&ended.story);
    report(&ended, &verdict);
    let never = tally.never_met();
    if !never.is_empty() {
        bail!("failpoints that were never met: {}", never.join(", "));
    }
    approve(&verdict)
}

/// What came out, in figures.
pub(crate) fn report(ended: &Ended, verdict: &Verdict) {
    println!(
        "  {} updates, {} acknowledged, {} still at Telegram; {} handled, {} repeats over {} crashes; {} second deliveries taken",
        ended.sent,
        verdict.acknowledged,
        ended.kept,
        verdict.handled,
        verdict.repeated,
        ended.story.crashes.len(),
        ended.echoed
    );
}

/// An error that names the first faults, if there are any.
pub(crate) fn approve(verdict: &Verdict) -> Result<()> {
    const SHOWN: usize = 20;
    for fault in verdict.faults.iter().take(SHOWN) {
        println!("  ✗ {fault}");
    }
    match verdict.faults.len() {
        0 => Ok(()),
        many => bail!("{many} faults"),
    }
}
