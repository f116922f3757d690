//! Whether a bot notices what the bots beside it do.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::bench::{Bench, USUAL};
use crate::bodies::Bodies;
use crate::crowd::Pace;
use crate::disk;
use crate::figures::latency::Times;
use crate::latencies::Latencies;
use crate::report::table;
use crate::seed::Bot;
use crate::slice::Slice;
use crate::subject::Subject;
use crate::traffic::{Noise, Shape, Traffic};

/// The most that the slowest in a hundred may take, as a multiple of what they take in calm.
const MOST_TIMES: f64 = 1.5;

pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let (data, bots) = bench.seed("neighbors", USUAL.bots + Noise::BOTS)?;
    let mut start = bench.start(data);
    start.greeting = true;
    let shape = Shape {
        bodies: Bodies::Start,
        ..USUAL
    };
    let traffic = Traffic::new(bots.iter().map(Bot::head).collect(), shape)?;
    let mut ours = Subject::ours("ours", &start, traffic, &bench.runtime)?;
    calm(bench, &mut ours)?;
    let (mut quiet, mut noisy) = (Both::default(), Both::default());
    let mut disk = Latencies::default();
    for _ in 0..bench.options.rounds() {
        disk.extend(&bench.fdatasync()?);
        quiet.add(&calm(bench, &mut ours)?);
        noisy.add(&noise(bench, &mut ours)?);
    }
    let [hung, failed] = bench.api.troubled;
    ensure!(
        hung > 0 && failed > 0,
        "{hung} calls hung, {failed} failed: no noise"
    );
    let rows = [
        quiet.acknowledged.row("calm: POST to acknowledgement"),
        noisy.acknowledged.row("noise: POST to acknowledgement"),
        quiet.replied.row("calm: POST to sendMessage"),
        noisy.replied.row("noise: POST to sendMessage"),
    ];
    let heads = [
        "100 bots, 1,000 updates/s",
        "p50 ms (range)",
        "p99 ms (range)",
        "all: p99.9 ms",
    ];
    let mut text = table(&heads, &rows) + "\n";
    for (what, calm, noise) in [
        ("acknowledgement", &quiet.acknowledged, &noisy.acknowledged),
        ("sendMessage", &quiet.replied, &noisy.replied),
    ] {
        let times = noise.p99.median() / calm.p99.median();
        let what = format!("{what} p99 beside noise ÷ in calm");
        text += &bench.report.limit(&what, times, MOST_TIMES, "");
    }
    text += &format!(
        "- beside it one bot had 500 updates/s, {hung} calls for one chat hung, {failed} for another failed\n"
    );
    bench.report.add("neighbors", text + &disk::line(&disk));
    Ok(())
}

#[derive(Default)]
struct Both {
    acknowledged: Times,
    replied: Times,
}

impl Both {
    fn add(&mut self, slice: &Slice) {
        self.acknowledged.add(&slice.outcome.latencies);
        self.replied.add(&slice.outcome.replies);
    }
}

fn calm(bench: &mut Bench, ours: &mut Subject) -> Result<Slice> {
    let pace = pace(bench, 1_000);
    bench.slice(ours, pace)
}

fn noise(bench: &mut Bench, ours: &mut Subject) -> Result<Slice> {
    ours.traffic.noise = Some(Noise::new()?);
    bench.api.hangs = Some(Noise::HANGS);
    bench.api.fails = Some(Noise::FAILS);
    let pace = pace(bench, Noise::PER_SECOND);
    let slice = bench.slice(ours, pace);
    ours.traffic.noise = None;
    slice
}

fn pace(bench: &Bench, per_second: u32) -> Pace {
    Pace {
        span: Duration::from_secs_f64(bench.options.seconds() * 2.0),
        replies: true,
        ..bench.paced(per_second)
    }
}
