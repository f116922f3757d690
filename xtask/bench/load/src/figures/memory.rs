//! Memory: of an idle server, with many bots, and after many lanes had something to do.

use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::bench::{Bench, USUAL};
use crate::crowd::Pace;
use crate::findings::mb;
use crate::report::table;
use crate::subject::Subject;
use crate::traffic::Shape;
use crate::usage::{self, Memory};

const MANY_BOTS: usize = 100_000;
const MANY_LANES: usize = 50_000;

/// In MB.
const MOST_IDLE: f64 = 20.0;
const MOST_FOR_BOTS: f64 = 60.0;
const MOST_AFTER_LANES: f64 = 10.0;

pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let (data, bots) = bench.seed("memory-few", USUAL.bots)?;
    let few = Shape {
        lanes: MANY_LANES,
        ..USUAL
    };
    let mut ours = bench.ours("ours", data, &bots, few)?;
    let idle = at_rest(&ours)?;
    let once = touch(bench, &mut ours, USUAL.bots)?;
    let lanes = touch(bench, &mut ours, MANY_LANES)?;
    drop(ours);

    let (data, bots) = bench.seed("memory-many", MANY_BOTS)?;
    let many = Shape {
        bots: MANY_BOTS,
        lanes: MANY_BOTS,
        ..USUAL
    };
    let mut ours = bench.ours("ours", data, &bots, many)?;
    let started = at_rest(&ours)?;
    let touched = touch(bench, &mut ours, MANY_BOTS)?;

    let rows = [
        row("idle, 100 bots", idle),
        row("100 bots had an update each", once),
        row("50,000 lanes had an update each", lanes),
        row("idle, 100,000 bots, none asked for yet", started),
        row("100,000 bots had an update each", touched),
    ];
    let mut text = table(
        &["server", "resident MB", "of it its own", "peak MB"],
        &rows,
    ) + "\n";
    let more = |after: Memory, before: Memory| mb(after.resident) - mb(before.resident);
    text += &bench
        .report
        .limit("idle", mb(idle.resident), MOST_IDLE, " MB");
    text += &bench.report.limit(
        "100,000 bots more",
        more(touched, once),
        MOST_FOR_BOTS,
        " MB",
    );
    text += &bench.report.limit(
        "after 50,000 lanes more",
        more(lanes, once),
        MOST_AFTER_LANES,
        " MB",
    );
    bench.report.add("memory", text);
    Ok(())
}

/// Sends so many updates, each to another lane, and answers what is in use when all is done.
fn touch(bench: &mut Bench, ours: &mut Subject, lanes: usize) -> Result<Memory> {
    let span = Duration::from_secs(120);
    let pace = Pace {
        most: lanes as u64,
        span,
        ..bench.paced(10_000)
    };
    bench.slice(ours, pace)?;
    at_rest(ours)
}

fn at_rest(ours: &Subject) -> Result<Memory> {
    thread::sleep(Duration::from_secs(2));
    usage::memory(ours.program.id())
}

fn row(name: &str, memory: Memory) -> Vec<String> {
    let cell = |bytes| format!("{:.1}", mb(bytes));
    vec![
        name.to_owned(),
        cell(memory.resident),
        cell(memory.anonymous),
        cell(memory.peak),
    ]
}
