//! `cargo xtask torture`: the server is killed, aborted and cut off from its power under load, hundreds of times, and a simulated
//! Telegram outside of it has written down what must not be lost.

mod check;
mod crash;
mod crowd;
pub(crate) mod disk;
mod echo;
mod numbers;
mod play;
mod power;
mod schedule;

use std::time::Duration;

use anyhow::Result;

use self::schedule::points;
use crate::command::random;
use crate::postgres::Postgres;
use crate::stage::{NEEDED, Setting, build};

/// What `cargo xtask torture` is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// One suite instead of both.
    suite: Option<Suite>,
    /// The same seed makes the same schedule; random without.
    #[arg(long)]
    seed: Option<u64>,
    /// How often the server dies in the crash suite; a quarter of it in the power-loss suite.
    #[arg(long, default_value_t = 400)]
    rounds: usize,
    /// A few deaths of each kind, in less than 40 seconds.
    #[arg(long)]
    quick: bool,
    /// The crash suite on Postgres instead.
    #[arg(long, conflicts_with = "suite")]
    postgres: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Suite {
    /// Kills, and aborts at failpoints.
    Crash,
    /// Power cuts: what was not synced is gone.
    Power,
}

/// Enough for every failpoint once.
const QUICK_ROUNDS: usize = schedule::POINTS.len() + 6;
const QUICK_CUTS: usize = 4;

/// Telegram rests up to two minutes between attempts that failed often.
const PATIENCE: Duration = Duration::from_secs(150);
const QUICK_PATIENCE: Duration = Duration::from_secs(6);

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut packages = NEEDED.to_vec();
    packages.extend(["--features", "memberpass-telegram/failpoints"]);
    let seed = match options.seed {
        Some(seed) => seed,
        None => new_seed()?,
    };
    if options.quick && options.suite.is_none() && !options.postgres {
        return quick(&packages, seed);
    }
    build(&packages)?;
    println!("seed {seed}: the same with `--seed {seed}` and the same options");
    let (rounds, cuts, patience) = if options.quick {
        (QUICK_ROUNDS, QUICK_CUTS, QUICK_PATIENCE)
    } else {
        (options.rounds, options.rounds / 4, PATIENCE)
    };
    if options.postgres {
        return on_postgres(seed, rounds, patience);
    }
    if options.suite != Some(Suite::Power) {
        crash::run(seed, rounds, &points(false), patience, Setting::default())?;
    }
    if options.suite != Some(Suite::Crash) {
        power::run(seed, cuts, patience)?;
    }
    Ok(())
}

/// A few deaths of each kind in both suites, others each time, with the programs as the tests build them: the server with its
/// failpoints.
pub(crate) fn check(packages: &[&str]) -> Result<()> {
    quick(packages, new_seed()?)
}

fn new_seed() -> Result<u64> {
    Ok(u64::from(u32::from_ne_bytes(random()?)))
}

fn quick(packages: &[&str], seed: u64) -> Result<()> {
    build(packages)?;
    println!("seed {seed}: repeat with `cargo xtask torture --quick --seed {seed}`");
    crash::run(
        seed,
        QUICK_ROUNDS,
        &points(false),
        QUICK_PATIENCE,
        Setting::default(),
    )?;
    power::run(seed, QUICK_CUTS, QUICK_PATIENCE)
}

fn on_postgres(seed: u64, rounds: usize, patience: Duration) -> Result<()> {
    let postgres = Postgres::ready(false)?;
    let setting = Setting {
        arguments: vec!["--database-url".to_owned(), postgres.url().to_owned()],
        before: &[&["migrate"], &["keys", "create"]],
        ..Setting::default()
    };
    crash::run(seed, rounds, &points(true), patience, setting)
}
