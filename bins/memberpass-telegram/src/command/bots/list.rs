use clap::Args;
use http::Method;
use serde_json::Value;

use crate::config::Config;
use crate::local_api::call;
use crate::output::{say, say_json};

#[derive(Args)]
pub(crate) struct List {
    /// Only bots that stand so: healthy, degraded, or a code such as `webhook_removed`.
    #[arg(long)]
    health: Option<String>,
    /// Only connecting, active or disconnected ones.
    #[arg(long)]
    status: Option<String>,
    /// Only those after this one.
    #[arg(long)]
    after: Option<String>,
    /// At most so many, 100 at most.
    #[arg(long, default_value_t = 100)]
    limit: u16,
    /// For machines.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(list: &List, config: &Config) -> anyhow::Result<()> {
    let mut path = format!("/v1/bots?limit={}", list.limit);
    let named = [
        ("health", &list.health),
        ("status", &list.status),
        ("cursor", &list.after),
    ];
    for (key, value) in named {
        if let Some(value) = value {
            // What does not belong into a query is refused here rather than sent.
            let plain = value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            anyhow::ensure!(plain, "--{key} takes letters, digits and _");
            path = format!("{path}&{key}={value}");
        }
    }
    let body = call(config, Method::GET, &path).await?;
    if list.json {
        return say_json(&body);
    }
    let bots = body["data"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for bot in bots {
        say(line(bot))?;
    }
    match body["next_cursor"].as_str() {
        Some(next) => say(format_args!("there may be more: --after {next}"))?,
        None if bots.is_empty() => say("none")?,
        None => {}
    }
    Ok(())
}

fn line(bot: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let health = &bot["health"];
    let code = match health["code"].as_str() {
        None | Some("healthy" | "disconnected") => String::new(),
        Some(code) => format!("  {code}  {}", text(&health["sentence"])),
    };
    format!(
        "{}  {}  {}  @{}  {}{code}",
        text(&bot["project_id"]),
        text(&bot["bot"]["id"]),
        text(&bot["status"]),
        text(&bot["bot"]["name"]),
        text(&health["status"]),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_says_what_is_the_matter_when_something_is() {
        let mut bot = json!({"project_id": "prj_1", "bot": {"id": "bot_1", "name": "my_bot"}, "status": "active",
            "health": {"status": "healthy", "code": "healthy", "sentence": "All is well."}});
        assert_eq!(line(&bot), "prj_1  bot_1  active  @my_bot  healthy");
        bot["health"] =
            json!({"status": "degraded", "code": "webhook_removed", "sentence": "It is gone."});
        assert!(line(&bot).ends_with("degraded  webhook_removed  It is gone."));
    }
}
