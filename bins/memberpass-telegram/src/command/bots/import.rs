//! Many bots at once. Nothing is remembered here: what is connected is found so when the same file is given again.

mod file;
mod tally;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use clock::Clock;
use http::Method;
use serde_json::{Value, json};

use self::file::Line;
use self::tally::Tally;
use crate::config::Config;
use crate::local_api::call_with;
use crate::output::{progress, say, say_json};

#[derive(Args)]
pub(crate) struct Import {
    /// The file; `-` is standard input.
    file: PathBuf,
    /// For machines: what became of each, at the end.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(import: &Import, config: &Config) -> anyhow::Result<()> {
    let lines = file::read(&import.file)?;
    let mut tally = Tally::of(lines.len());
    let connected = connect(lines, &mut tally, config).await;
    if import.json {
        say_json(&tally.results())?;
    } else {
        say(&tally)?;
    }
    connected.context(
        "the import has stopped; run it again, and it goes on: what is connected is left as it is",
    )?;
    let missing = tally.missing();
    anyhow::ensure!(
        missing == 0,
        "not connected: {missing}; mend what is said of them and run it again"
    );
    Ok(())
}

/// Sends some at a time, until something was said of each: the server takes as long as Telegram's limits need.
async fn connect(lines: Vec<Line>, tally: &mut Tally, config: &Config) -> anyhow::Result<()> {
    let clock = Clock::system();
    let mut waiting: VecDeque<Line> = lines.into();
    while !waiting.is_empty() {
        let some = waiting.len().min(AT_ONCE);
        let share: Vec<&Line> = waiting.iter().take(some).collect();
        let answer = call_with(config, Method::POST, "/v1/bots/import", body(&share)).await?;
        let results = answer["data"]["results"].as_array().cloned();
        if results.as_ref().is_none_or(Vec::is_empty) {
            progress(
                "waiting: Telegram takes only so many new bots a minute, or cannot be reached",
            );
        }
        let mut later = Vec::new();
        for result in results.unwrap_or_default() {
            let project = result["project_id"].as_str().unwrap_or_default();
            let Some(place) = waiting
                .iter()
                .position(|line| line.project.as_str() == project)
            else {
                continue;
            };
            let Some(mut line) = waiting.remove(place) else {
                continue;
            };
            if is_for_later(&result) && line.attempts < ATTEMPTS {
                line.attempts += 1;
                later.push(line);
                continue;
            }
            if let Some(complaint) = tally.note(line.number, result) {
                progress(complaint);
            }
        }
        if !later.is_empty() && waiting.is_empty() {
            clock.sleep(PAUSE).await;
        }
        waiting.extend(later);
        progress(tally.line());
    }
    Ok(())
}

fn body(share: &[&Line]) -> Bytes {
    let bots = share.iter().map(|line| {
        let (project, token) = (&line.project, line.token.as_str());
        json!({ "project": project, "token": token })
    });
    let bots: Vec<Value> = bots.collect();
    json!({ "bots": bots }).to_string().into()
}

/// What may go better in a while. A token that is kept until Telegram accepts it needs nothing more.
fn is_for_later(result: &Value) -> bool {
    result["outcome"] == "later" && result["failure"]["code"] != tally::NOT_YET
}

/// More than the server can do in one call, so that it never waits for us.
const AT_ONCE: usize = 100;
const ATTEMPTS: u8 = 5;
const PAUSE: Duration = Duration::from_secs(10);
