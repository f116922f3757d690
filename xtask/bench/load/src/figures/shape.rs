//! Whether it matters how many bots and chats there are.

use anyhow::Result;

use crate::bench::{Bench, USUAL};
use crate::bodies::Bodies;
use crate::disk;
use crate::latencies::Latencies;
use crate::report::table;
use crate::slice::Slice;
use crate::spread::Spread;
use crate::subject::Subject;
use crate::traffic::Shape;

/// How much more an update may cost than with the usual bots and chats.
const MOST_TIMES: f64 = 1.15;

const SHAPES: [(&str, Shape); 4] = [
    ("1 bot", Shape { bots: 1, ..USUAL }),
    (
        "10,000 bots",
        Shape {
            bots: 10_000,
            ..USUAL
        },
    ),
    (
        "1 lane",
        Shape {
            bots: 1,
            lanes: 1,
            bodies: Bodies::OneChat,
        },
    ),
    (
        "50,000 lanes",
        Shape {
            lanes: 50_000,
            ..USUAL
        },
    ),
];

pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let (data, bots) = bench.seed("shape", 10_000)?;
    let mut ours = bench.ours("ours", data, &bots, USUAL)?;
    slice(bench, &mut ours, USUAL)?;
    let mut usual = Findings::default();
    let mut found = SHAPES.map(|_| Findings::default());
    let mut disk = Latencies::default();
    for (_, shape) in SHAPES {
        slice(bench, &mut ours, shape)?;
    }
    let mut before = slice(bench, &mut ours, USUAL)?;
    for _ in 0..bench.options.rounds() {
        disk.extend(&bench.fdatasync()?);
        for ((_, shape), findings) in SHAPES.iter().zip(&mut found) {
            let this = slice(bench, &mut ours, *shape)?;
            let after = slice(bench, &mut ours, USUAL)?;
            findings.add(&this, f64::midpoint(before.cpu_us(), after.cpu_us()));
            usual.add(&after, after.cpu_us());
            before = after;
        }
    }
    let mut rows = vec![usual.row("100 bots, 10,000 lanes")];
    rows.extend(
        SHAPES
            .iter()
            .zip(&found)
            .map(|((name, _), findings)| findings.row(name)),
    );
    let mut text = table(
        &[
            "64 connections",
            "CPU ÷ the usual (range)",
            "CPU µs (range)",
            "requests/s",
        ],
        &rows,
    ) + "\n";
    for ((name, _), findings) in SHAPES.iter().zip(&found) {
        text += &bench.report.limit(
            &format!("{name}: CPU ÷ the usual"),
            findings.times.median(),
            MOST_TIMES,
            "",
        );
    }
    bench.report.add("shape", text + &disk::line(&disk));
    Ok(())
}

#[derive(Default)]
struct Findings {
    times: Spread,
    cpu_us: Spread,
    per_second: Spread,
}

impl Findings {
    fn add(&mut self, slice: &Slice, usual_us: f64) {
        self.times.add(slice.cpu_us() / usual_us);
        self.cpu_us.add(slice.cpu_us());
        self.per_second.add(slice.per_second());
    }

    fn row(&self, name: &str) -> Vec<String> {
        let per_second = self.per_second.median();
        vec![
            name.to_owned(),
            self.times.to_string(),
            format!("{:.1}", self.cpu_us),
            format!("{per_second:.0}"),
        ]
    }
}

fn slice(bench: &mut Bench, ours: &mut Subject, shape: Shape) -> Result<Slice> {
    ours.traffic.reshape(shape)?;
    let pace = bench.saturation(64);
    bench.slice(ours, pace)
}
