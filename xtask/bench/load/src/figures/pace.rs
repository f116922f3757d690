//! Ours where batches are small: few connections, a steady pace; and on disks that take their time.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::bench::{Bench, USUAL};
use crate::beside::Beside;
use crate::crowd::Pace;
use crate::disk;
use crate::findings::{Findings, HEADS};
use crate::latencies::Latencies;
use crate::metrics::batches;
use crate::report::table;
use crate::seed::Bot;
use crate::subject::Subject;
use crate::traffic::Traffic;

pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let mut disk = Latencies::default();
    let mut rows = Vec::new();
    let paces = [
        ("1 connection", bench.saturation(1)),
        ("16 connections", bench.saturation(16)),
        ("1,000/s", bench.paced(1_000)),
        ("10,000/s", bench.paced(10_000)),
    ];
    let (data, bots) = bench.seed("pace", USUAL.bots)?;
    let mut ours = bench.ours("ours", data, &bots, USUAL)?;
    rows.extend(measure(bench, &bots, &mut ours, &paces, &mut disk)?);
    drop(ours);
    for delay_ms in [1, 10] {
        let name = format!("64 connections, fsync + {delay_ms} ms");
        let (data, bots) = bench.seed(&format!("slow-{delay_ms}"), USUAL.bots)?;
        let mut ours = slow(bench, data, &bots, delay_ms)?;
        let paces = [(name.as_str(), bench.saturation(64))];
        rows.extend(measure(bench, &bots, &mut ours, &paces, &mut disk)?);
    }
    let mut heads = vec!["load"];
    heads.extend(HEADS);
    heads.push("updates in a commit");
    let text = table(&heads, &rows) + "\n" + &disk::line(&disk);
    bench.report.add("pace", text);
    Ok(())
}

/// Our server on a disk whose every fsync takes so much longer.
fn slow(bench: &Bench, data: PathBuf, bots: &[Bot], delay_ms: u64) -> Result<Subject> {
    let library = bench
        .options
        .slow_disk
        .as_ref()
        .context("--slow-disk is not given")?;
    let library = library.to_str().context("--slow-disk is not text")?;
    let mut start = bench.start(data);
    start.environment = vec![
        ("LD_PRELOAD".to_owned(), library.to_owned()),
        ("DISK_DELAY_US".to_owned(), (delay_ms * 1_000).to_string()),
    ];
    let traffic = Traffic::new(bots.iter().map(Bot::head).collect(), USUAL)?;
    Subject::ours("ours", &start, traffic, &bench.runtime)
}

fn measure(
    bench: &mut Bench,
    bots: &[Bot],
    ours: &mut Subject,
    paces: &[(&str, Pace)],
    disk: &mut Latencies,
) -> Result<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    for (name, pace) in paces {
        let mut beside = Beside::start(bench, bots)?;
        bench.slice(ours, *pace)?;
        let before = ours.told()?;
        let mut findings = Findings::default();
        for _ in 0..bench.options.rounds() {
            disk.extend(&bench.fdatasync()?);
            let (slice, bare) = beside.slice(bench, ours, *pace, 200)?;
            findings.add(&slice, bare);
        }
        let mut cells = findings.row(name);
        cells.push(batches(before.as_ref(), ours.told()?.as_ref()));
        rows.push(cells);
    }
    Ok(rows)
}
