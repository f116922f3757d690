mod import;
mod list;

use clap::Subcommand;
use http::Method;
use ids::ProjectId;

use crate::config::Config;
use crate::local_api::call;
use crate::output::say;

#[derive(Subcommand)]
pub(super) enum Bots {
    /// Lists the bots and how each stands. Example: memberpass-telegram bots list --health degraded
    List(list::List),
    /// Connects many bots from lines of JSON, {"project":"prj_7Zq","token":"…"}, as fast as Telegram takes them. Run again, it goes on where it
    /// stopped. Example: memberpass-telegram bots import bots.jsonl
    Import(import::Import),
    /// Has a bot's updates wait: they are received and stored, and none is handled, also after a restart. Example: memberpass-telegram bots pause prj_7Zq
    Pause {
        /// The bot's project.
        project: ProjectId,
    },
    /// Lets a bot's updates go on, the oldest first. Example: memberpass-telegram bots resume prj_7Zq
    Resume {
        /// The bot's project.
        project: ProjectId,
    },
}

pub(super) async fn run(bots: Bots, config: &Config) -> anyhow::Result<()> {
    let (project, what, done) = match &bots {
        Bots::List(list) => return list::run(list, config).await,
        Bots::Import(import) => return import::run(import, config).await,
        Bots::Pause { project } => (project, "pause", "wait until `bots resume`"),
        Bots::Resume { project } => (project, "resume", "go on"),
    };
    let path = format!("/v1/projects/{project}/bot/{what}");
    call(config, Method::POST, &path).await?;
    say(format_args!("The updates of {project}'s bot {done}."))?;
    Ok(())
}
