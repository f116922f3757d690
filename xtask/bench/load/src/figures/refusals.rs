//! What a forged request costs, and what it leaves behind.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};

use crate::bench::{Bench, USUAL};
use crate::beside::Beside;
use crate::books::{Books, Requests};
use crate::crowd::Pace;
use crate::findings::{Findings, HEADS};
use crate::report::table;
use crate::seed::Bot;
use crate::subject::Ours;
use crate::traffic::{Head, Traffic};

/// The most that a refusal may cost, as a multiple of bare hyper's 200.
const MOST_TIMES: f64 = 1.3;
/// Forged requests in all, at least.
const FORGED: u64 = 100_000;
/// Records that they may leave in the request log, for each minute of the clock that they touch.
const MOST_RECORDS: f64 = 1_000.0;

type Forge = fn(&Bot) -> Head;

pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let (data, bots) = bench.seed("refusals", USUAL.bots)?;
    let mut ours = bench.ours("ours", data.clone(), &bots, USUAL)?;
    let mut beside = Beside::start(bench, &bots)?;
    let forgeries: [(&str, Forge); 2] = [
        ("unknown path", unknown_path),
        ("wrong secret", wrong_secret),
    ];
    let mut found = forgeries.map(|_| Findings::default());
    let (mut sent, mut closed) = (0, 0);
    let began = minute()?;
    for round in 0..=bench.options.rounds() {
        for ((_, forge), findings) in forgeries.iter().zip(&mut found) {
            ours.traffic = Traffic::new(bots.iter().map(forge).collect(), USUAL)?;
            let (slice, bare) = beside.slice(bench, &mut ours, bench.saturation(64), 404)?;
            sent += slice.outcome.sent;
            closed += slice.outcome.closed;
            // The first round warms up.
            if round > 0 {
                findings.add(&slice, bare);
            }
        }
    }
    if sent < FORGED {
        let (most, span) = (FORGED - sent, Duration::from_secs(60));
        let rest = Pace {
            most,
            span,
            ..bench.saturation(64)
        };
        sent += bench.slice_answered(&mut ours, rest, 404)?.outcome.sent;
    }
    let minutes = minute()? - began + 1;
    let stored = ours.ours.as_ref().map_or(Ok(0), Ours::stored)?;
    ours.program.stop()?;
    ensure!(stored == 0, "{stored} reached the inbox");
    let left = left(bench, &data, sent)?;
    let names = forgeries.map(|(name, _)| name);
    let mut rows = vec![beside.findings.row("bare hyper's 200")];
    rows.extend(
        names
            .iter()
            .zip(&found)
            .map(|(name, findings)| findings.row(name)),
    );
    let mut heads = vec!["64 connections"];
    heads.extend(HEADS);
    let mut text = table(&heads, &rows) + "\n";
    for (name, findings) in names.iter().zip(&found) {
        let what = format!("{name}: CPU ÷ bare hyper's 200");
        text += &bench
            .report
            .limit(&what, findings.times.median(), MOST_TIMES, "");
    }
    let what =
        format!("records in the request log, {sent} forged requests, minutes touched: {minutes}");
    text += &bench
        .report
        .limit(&what, left, MOST_RECORDS * minutes as f64, "");
    text += "- every one of them is counted in those records, and the inbox is untouched\n";
    text += &format!("- connections that the server closed: {closed}\n");
    bench.report.add("refusals", text);
    Ok(())
}

/// The minute of the clock: the request log starts anew with each.
fn minute() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() / 60)
}

/// How many records the request log has; an error when it does not count every request, or the inbox has anything.
fn left(bench: &Bench, data: &Path, sent: u64) -> Result<f64> {
    let left = async {
        let log = Requests::read(data).await?;
        let counted = log.requests;
        ensure!(
            counted == sent,
            "{sent} were sent, the request log counts {counted}"
        );
        let books = Books::open(data).await?;
        ensure!(books.pending().await? == 0, "some reached the inbox");
        Ok(log.entries as f64)
    };
    bench
        .runtime
        .block_on(left)
        .context("after forged requests")
}

/// As Telegram would send it, but for the last character of the path, which no key has made.
fn unknown_path(bot: &Bot) -> Head {
    Head::new(&other_end(&bot.path), &bot.secret_token)
}

fn wrong_secret(bot: &Bot) -> Head {
    Head::new(&bot.path, &other_end(&bot.secret_token))
}

fn other_end(text: &str) -> String {
    let mut text = text.to_owned();
    let last = text.pop();
    text.push(if last == Some('A') { 'B' } else { 'A' });
    text
}
