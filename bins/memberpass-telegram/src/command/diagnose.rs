use clap::Args;
use http::Method;
use ids::ProjectId;
use serde_json::Value;

use crate::config::Config;
use crate::local_api::call;
use crate::output::{say, say_json};

#[derive(Args)]
pub(super) struct Diagnose {
    /// The bot's project.
    project: ProjectId,
    /// For machines.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(diagnose: &Diagnose, config: &Config) -> anyhow::Result<()> {
    let path = format!("/v1/projects/{}/bot/diagnosis", diagnose.project);
    let body = call(config, Method::POST, &path).await?;
    if diagnose.json {
        return say_json(&body["data"]);
    }
    for line in lines(&body["data"]) {
        say(line)?;
    }
    Ok(())
}

/// The verdict, what to do, and what was observed.
fn lines(verdict: &Value) -> Vec<String> {
    let text = |key: &str| verdict[key].as_str().unwrap_or_default();
    let since = verdict["since"].as_str();
    let since = since.map_or_else(String::new, |since| format!(", since {since}"));
    let evidence = verdict["evidence"].as_array().map(Vec::as_slice);
    let told = evidence.unwrap_or_default().iter().map(|one| {
        let at = one["at"].as_str();
        let at = at.map_or_else(String::new, |at| format!("{at}  "));
        format!("  {at}{}", one["what"].as_str().unwrap_or_default())
    });
    [
        format!("{}: {}{since}", text("status"), text("code")),
        text("sentence").to_owned(),
        format!("What to do: {}", text("fix")),
        "What was seen:".to_owned(),
    ]
    .into_iter()
    .chain(told)
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_verdict_is_told_with_its_fix_and_what_was_seen() {
        let lines = lines(&json!({
            "status": "degraded", "code": "webhook_removed", "sentence": "There is no webhook.", "fix": "Reconnect.",
            "since": null, "evidence": [{"what": "Telegram shows none.", "at": "2026-01-01T00:00:00.000Z"}],
        }));
        let text = [
            "degraded: webhook_removed",
            "There is no webhook.",
            "What to do: Reconnect.",
            "What was seen:",
            "  2026-01-01T00:00:00.000Z  Telegram shows none.",
        ];
        assert_eq!(lines, text);
    }
}
