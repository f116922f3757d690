//! CPU for each update at saturation, beside programs that keep nothing.

use anyhow::Result;

use crate::bench::{Bench, USUAL};
use crate::beside::Beside;
use crate::disk;
use crate::findings::{Findings, HEADS, mb};
use crate::latencies::Latencies;
use crate::metrics::batches;
use crate::report::table;
use crate::seed::Bot;
use crate::subject::Subject;
use crate::usage;

/// The most that ours may cost, as a multiple of bare hyper.
const MOST_TIMES: f64 = 3.0;
const MOST_MEMORY_MB: f64 = 80.0;

pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    for connections in bench.options.connections.clone() {
        let text = measure(bench, connections)?;
        bench.report.add(&format!("saturation-{connections}"), text);
    }
    Ok(())
}

fn measure(bench: &mut Bench, connections: usize) -> Result<String> {
    let (data, bots) = bench.seed(&format!("saturation-{connections}"), USUAL.bots)?;
    let mut beside = Beside::start(bench, &bots)?;
    let mut subjects = vec![bench.ours("ours", data, &bots, USUAL)?];
    subjects.extend(others(bench, &bots)?);
    let pace = bench.saturation(connections);
    // The first slices warm up; they count for nothing.
    for subject in &mut subjects {
        bench.slice(subject, pace)?;
    }
    let before = subjects[0].told()?;
    let mut found: Vec<Findings> = subjects.iter().map(|_| Findings::default()).collect();
    let mut disk = Latencies::default();
    for _ in 0..bench.options.rounds() {
        disk.extend(&bench.fdatasync()?);
        for (subject, findings) in subjects.iter_mut().zip(&mut found) {
            let (slice, bare) = beside.slice(bench, subject, pace, 200)?;
            findings.add(&slice, bare);
        }
    }
    let batches = batches(before.as_ref(), subjects[0].told()?.as_ref());
    let mut rows = vec![row(&beside.findings, "bare hyper", beside.peak()?)];
    for (subject, findings) in subjects.iter().zip(&found) {
        rows.push(row(
            findings,
            subject.name,
            usage::memory(subject.program.id())?.peak,
        ));
    }
    let mut heads = vec![format!("{connections} connections")];
    heads.extend(HEADS.map(str::to_owned));
    heads.push("peak MB".to_owned());
    let mut text = table(&heads, &rows) + "\n";
    let (times, finished) = (found[0].times.median(), found[0].finished_ms.most() / 1e3);
    let peak = usage::memory(subjects[0].program.id())?.peak;
    text += &bench
        .report
        .limit("CPU ÷ bare hyper", times, MOST_TIMES, "");
    text += &bench
        .report
        .limit("peak memory", mb(peak), MOST_MEMORY_MB, " MB");
    text += &bench.report.limit(
        "acknowledged = stored = finished within",
        finished,
        1.0,
        " s",
    );
    Ok(text + &format!("- updates in a commit: {batches}\n") + &disk::line(&disk))
}

fn others(bench: &Bench, bots: &[Bot]) -> Result<Vec<Subject>> {
    let named = |short: &str| bench.options.against.iter().any(|against| against == short);
    let known = [
        ("frankenstein", "frankenstein-receiver"),
        ("teloxide", "teloxide-receiver"),
    ];
    let wanted = known.into_iter().filter(|(short, _)| named(short));
    wanted.map(|(_, name)| bench.receiver(name, bots)).collect()
}

fn row(findings: &Findings, name: &str, peak: u64) -> Vec<String> {
    let mut cells = findings.row(name);
    cells.push(format!("{:.0}", mb(peak)));
    cells
}
