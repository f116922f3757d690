//! How long Telegram waits for its 200, and a person for the reply, at a steady 1,000 updates/s.

use std::time::Duration;

use anyhow::Result;

use crate::bench::{Bench, USUAL};
use crate::bodies::Bodies;
use crate::crowd::Pace;
use crate::disk;
use crate::findings::ms;
use crate::latencies::Latencies;
use crate::report::table;
use crate::seed::Bot;
use crate::spread::Spread;
use crate::subject::Subject;
use crate::traffic::{Shape, Traffic};

pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let (data, bots) = bench.seed("latency", USUAL.bots)?;
    let mut start = bench.start(data);
    start.greeting = true;
    // 10 a second for a bot, one in ten seconds for a chat: nowhere near Telegram's own limits, which the server keeps.
    let shape = Shape {
        bodies: Bodies::Start,
        ..USUAL
    };
    let traffic = Traffic::new(bots.iter().map(Bot::head).collect(), shape)?;
    let mut ours = Subject::ours("ours", &start, traffic, &bench.runtime)?;
    let span = Duration::from_secs_f64(bench.options.seconds() * 2.0);
    let pace = Pace {
        span,
        replies: true,
        ..bench.paced(1_000)
    };
    bench.slice(&mut ours, pace)?;

    let (mut acknowledged, mut replied) = (Times::default(), Times::default());
    let mut disk = Latencies::default();
    for _ in 0..bench.options.rounds() {
        disk.extend(&bench.fdatasync()?);
        let slice = bench.slice(&mut ours, pace)?;
        acknowledged.add(&slice.outcome.latencies);
        replied.add(&slice.outcome.replies);
    }
    disk.extend(&bench.fdatasync()?);
    let rows = [
        acknowledged.row("POST to acknowledgement"),
        replied.row("POST to sendMessage"),
    ];
    let heads = [
        "1,000 updates/s",
        "p50 ms (range)",
        "p99 ms (range)",
        "all: p99.9 ms",
    ];
    let mut text = table(&heads, &rows) + "\n";
    let (fdatasync, slowest) = (ms(disk.quantile(0.5)), ms(disk.quantile(0.99)));
    let limits = [
        (
            "acknowledgement p99",
            acknowledged.p99.median(),
            2.0 + slowest,
        ),
        ("sendMessage p50", replied.p50.median(), 1.0 + fdatasync),
        ("sendMessage p99", replied.p99.median(), 5.0 + 2.0 * slowest),
    ];
    for (what, value, most) in limits {
        text += &bench.report.limit(what, value, most, " ms");
    }
    bench.report.add("latency", text + &disk::line(&disk));
    Ok(())
}

/// Of each slice its quantiles, and all times together.
#[derive(Default)]
pub(crate) struct Times {
    p50: Spread,
    pub(crate) p99: Spread,
    all: Latencies,
}

impl Times {
    pub(crate) fn add(&mut self, slice: &Latencies) {
        self.p50.add(ms(slice.quantile(0.5)));
        self.p99.add(ms(slice.quantile(0.99)));
        self.all.extend(slice);
    }

    pub(crate) fn row(&self, name: &str) -> Vec<String> {
        let slowest = format!("{:.2}", ms(self.all.quantile(0.999)));
        vec![
            name.to_owned(),
            self.p50.to_string(),
            self.p99.to_string(),
            slowest,
        ]
    }
}
