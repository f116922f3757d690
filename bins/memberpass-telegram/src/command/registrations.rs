use clap::Args;
use http::Method;
use serde_json::Value;

use crate::config::Config;
use crate::local_api::call;
use crate::output::{say, say_json};

#[derive(Args)]
pub(super) struct Registrations {
    /// For machines.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(registrations: &Registrations, config: &Config) -> anyhow::Result<()> {
    let body = call(config, Method::GET, "/v1/registrations").await?;
    if registrations.json {
        return say_json(&body["data"]);
    }
    for line in lines(&body["data"]) {
        say(line)?;
    }
    Ok(())
}

fn lines(told: &Value) -> Vec<String> {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let due = number(&told["due"]);
    let mut lines = vec![match due {
        0 => "every webhook is registered as this server would register it".to_owned(),
        due => format!("{due} webhooks are to be registered anew"),
    }];
    for (reason, why) in REASONS {
        let count = number(&told["reasons"][reason]);
        if count > 0 {
            lines.push(format!("  {count}: {why}"));
        }
    }
    let (done, failed) = (&told["done_since_start"], &told["failed_since_start"]);
    let lately = number(&told["done_last_minute"]);
    lines.push(format!(
        "since the server started {done} were, and {failed} could not be; {lately} in the last minute"
    ));
    let paused = number(&told["paused_for_seconds"]);
    if paused > 0 {
        lines.push(format!("nothing is done for another {paused} s: Telegram asks to wait, or cannot reach the address"));
    } else if due > 0 && lately > 0 {
        lines.push(format!(
            "at this rate {} more minutes",
            due.div_ceil(lately)
        ));
    }
    lines
}

const REASONS: [(&str, &str); 4] = [
    ("public_url", "registered at another public address"),
    ("update_kinds", "registered for other kinds of update"),
    (
        "max_connections",
        "registered with another number of connections",
    ),
    ("master_key", "made with a master key that was replaced"),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn progress_is_told_with_its_reasons_and_its_end() {
        let lines = lines(&json!({
            "due": 900, "reasons": {"public_url": 900, "update_kinds": 0, "max_connections": 0, "master_key": 0},
            "done_since_start": 100, "failed_since_start": 0, "done_last_minute": 60, "paused_for_seconds": 0,
        }));
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[1], "  900: registered at another public address");
        assert_eq!(lines[3], "at this rate 15 more minutes");
    }
}
