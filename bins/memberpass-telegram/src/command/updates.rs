use anyhow::ensure;
use clap::{Args, Subcommand};
use http::Method;
use ids::ProjectId;
use serde_json::Value;

use crate::config::Config;
use crate::local_api::call;
use crate::output::say;

#[derive(Subcommand)]
pub(super) enum Updates {
    /// Lists updates whose handling failed for good, without what they say. Example: memberpass-telegram updates failed --project prj_7Zq
    Failed(Page),
    /// Lists genuine requests that could not be read. Example: memberpass-telegram updates unreadable
    Unreadable(Page),
    /// Lists what a project's bot has waiting. Example: memberpass-telegram updates waiting --project prj_7Zq
    Waiting(Page),
    /// Shows a failed or unreadable update with its history and its content, which is personal data. Example: memberpass-telegram updates show 4711
    Show {
        /// Its number, as the lists show it.
        number: u64,
    },
    /// Has failed updates handled again, with all their attempts before them. Example: memberpass-telegram updates replay 4711
    Replay {
        /// The number of one, as the lists show it.
        #[arg(required_unless_present_any = ["project", "all"], conflicts_with_all = ["project", "all"])]
        number: Option<u64>,
        /// All that failed of this project's bot.
        #[arg(long, conflicts_with = "all")]
        project: Option<ProjectId>,
        /// All that failed.
        #[arg(long)]
        all: bool,
    },
    /// Deletes a failed or unreadable update for good. Example: memberpass-telegram updates discard 4711
    Discard {
        /// Its number, as the lists show it.
        number: u64,
    },
    /// Shows what is being handled and what waits in memory, bot by bot and lane by lane, as JSON. Example: memberpass-telegram updates running
    Running {
        /// Of this project's bot alone.
        #[arg(long)]
        project: Option<ProjectId>,
    },
}

#[derive(Args)]
pub(super) struct Page {
    /// Of this project's bot alone.
    #[arg(long)]
    project: Option<ProjectId>,
    /// Only those after this number.
    #[arg(long)]
    after: Option<u64>,
    /// At most so many, 200 at most.
    #[arg(long, default_value_t = 50)]
    limit: u16,
    /// For machines.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(updates: Updates, config: &Config) -> anyhow::Result<()> {
    match updates {
        Updates::Failed(page) => list(config, "failed", &page).await,
        Updates::Unreadable(page) => list(config, "unreadable", &page).await,
        Updates::Waiting(page) => {
            ensure!(page.project.is_some(), "say whose: --project prj_…");
            list(config, "waiting", &page).await
        }
        Updates::Show { number } => {
            show(config, Method::GET, &format!("/v1/updates/{number}")).await
        }
        Updates::Replay {
            number: Some(number),
            ..
        } => {
            let path = format!("/v1/updates/{number}/replay");
            let body = call(config, Method::POST, &path).await?;
            match body["data"]["number"].as_u64() {
                Some(new) => say(format_args!("{number} is handled again, as {new}"))?,
                None => say(format_args!("{number} could be read now, and is handled"))?,
            }
            Ok(())
        }
        Updates::Replay { project, .. } => {
            let of = project.map_or_else(String::new, |project| format!("?project={project}"));
            let body = call(config, Method::POST, &format!("/v1/updates/replay{of}")).await?;
            say(format_args!(
                "{} updates are handled again",
                body["data"]["updates"]
            ))?;
            Ok(())
        }
        Updates::Discard { number } => {
            let path = format!("/v1/updates/{number}");
            call(config, Method::DELETE, &path).await?;
            say(format_args!("discarded {number}"))?;
            Ok(())
        }
        Updates::Running { project } => {
            let of = project.map_or_else(String::new, |project| format!("?project={project}"));
            show(config, Method::GET, &format!("/v1/updates/running{of}")).await
        }
    }
}

async fn show(config: &Config, method: Method, path: &str) -> anyhow::Result<()> {
    let body = call(config, method, path).await?;
    say(serde_json::to_string_pretty(&body["data"])?)?;
    Ok(())
}

async fn list(config: &Config, state: &str, page: &Page) -> anyhow::Result<()> {
    let mut path = format!("/v1/updates?state={state}&limit={}", page.limit);
    if let Some(project) = &page.project {
        path = format!("{path}&project={project}");
    }
    if let Some(after) = page.after {
        path = format!("{path}&cursor={after}");
    }
    let body = call(config, Method::GET, &path).await?;
    if page.json {
        say(serde_json::to_string_pretty(&body)?)?;
        return Ok(());
    }
    let updates = body["data"].as_array().map(Vec::as_slice);
    for update in updates.unwrap_or_default() {
        say(line(update))?;
    }
    match body["next_cursor"].as_str() {
        Some(next) => say(format_args!("there may be more: --after {next}"))?,
        None if updates.is_none_or(<[_]>::is_empty) => say("none")?,
        None => {}
    }
    Ok(())
}

fn line(update: &Value) -> String {
    let text = |key: &str| update[key].as_str().unwrap_or("-").to_owned();
    format!(
        "{:>8}  {}  {}  {}  {} attempts  {} bytes  {}",
        update["number"],
        update["project_id"]
            .as_str()
            .unwrap_or_else(|| update["bot_id"].as_str().unwrap_or("-")),
        text("kind"),
        text("lane"),
        update["attempts"].as_u64().unwrap_or(0),
        update["body_bytes"],
        text("reason"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_says_what_and_why_and_nothing_of_the_content() {
        let update = json!({"number": 7, "project_id": "prj_1", "kind": "message", "lane": "chat:5",
            "attempts": 9, "body_bytes": 120, "reason": "closed", "content": "secret"});
        let line = line(&update);
        assert!(
            line.ends_with("7  prj_1  message  chat:5  9 attempts  120 bytes  closed"),
            "{line}"
        );
        assert!(!line.contains("secret"));
    }
}
