//! Measures the webhook path of the server, beside other receivers. Started by `cargo xtask bench webhook`.

#![expect(
    clippy::disallowed_methods,
    reason = "a developer's tool: it reads the clock freely"
)]

mod affinity;
mod ahead;
mod answer;
mod bench;
mod beside;
mod bodies;
mod books;
mod bot_api;
mod crowd;
mod disk;
mod figures;
mod findings;
mod http;
mod latencies;
mod metrics;
mod options;
mod program;
mod report;
mod seed;
mod slice;
mod spread;
mod subject;
mod traffic;
mod usage;

use std::process::ExitCode;

use clap::Parser as _;

use crate::bench::Bench;
use crate::options::{Figure, Options};

fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> anyhow::Result<()> {
    affinity::stay_on(affinity::LOAD)?;
    if !ahead::step() {
        println!(
            "without the right to go ahead of other programs: the less they do meanwhile, the better"
        );
    }
    let mut bench = Bench::new(options)?;
    type Measure = fn(&mut Bench) -> anyhow::Result<()>;
    let figures: [(Figure, Measure); 8] = [
        (Figure::Saturation, figures::saturation::run),
        (Figure::Pace, figures::pace::run),
        (Figure::Shape, figures::shape::run),
        (Figure::Latency, figures::latency::run),
        (Figure::Neighbors, figures::neighbors::run),
        (Figure::Refusals, figures::refusals::run),
        (Figure::Memory, figures::memory::run),
        (Figure::Recovery, figures::recovery::run),
    ];
    for (figure, measure) in figures {
        if bench.options.wants(figure) {
            measure(&mut bench)?;
        }
    }
    let Bench {
        options, report, ..
    } = bench;
    if let Some(document) = &options.write {
        report.write(document)?;
    }
    report.verdict()
}
