//! The crash suite: the server dies at random moments and at every failpoint, and comes back at once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::check::{self, Verdict};
use super::play::{Ended, Play};
use super::schedule::{self, End, Point};
use crate::scratch::Scratch;
use crate::stage::Setting;
use crate::steps::shown;

/// How often a point that was not met by bad luck is tried again.
const MORE_TURNS: usize = 3;

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
    fn never_met(&self, points: &[&'static Point]) -> Vec<&'static Point> {
        let hits = |point: &&Point| self.0.get(point.name).map_or(0, |(_, hit)| *hit);
        let never = points.iter().copied().filter(|point| hits(point) == 0);
        never.collect()
    }
}

/// So many deaths, some of them at these points, then the judgement.
pub(crate) fn run(
    seed: u64,
    rounds: usize,
    points: &[&'static Point],
    limit: Duration,
    setting: Setting<'_>,
) -> Result<()> {
    let began = Instant::now();
    let mut play = Play::open(seed, Scratch::new("torture")?, setting, SLOWNESS)?;
    play.kill()?;
    let mut tally = Tally::default();
    let mut die = |tally: &mut Tally, number: usize, end: &End| -> Result<()> {
        let happened = play
            .round(end)
            .with_context(|| format!("round {number}, {end:?}"))?;
        tally.count(end.name(), happened);
        Ok(())
    };
    for (number, end) in schedule::mixed(seed, rounds, points).iter().enumerate() {
        die(&mut tally, number, end)?;
    }
    for _ in 0..MORE_TURNS {
        for point in tally.never_met(points) {
            die(&mut tally, rounds, &End::At(point, 0))?;
        }
    }
    let ended = play.end(limit)?;
    println!("crash suite: {rounds} rounds in {}", shown(began.elapsed()));
    tally.print();
    let verdict = check::judge(&ended.story);
    report(&ended, &verdict);
    let never = tally.never_met(points);
    if !never.is_empty() {
        let names: Vec<&str> = never.iter().map(|point| point.name).collect();
        bail!("failpoints that were never met: {}", names.join(", "));
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
