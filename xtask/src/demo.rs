//! `cargo xtask demo`: the story of some bots, told by a simulated Telegram and the real server.

mod figures;
mod report;
mod secrets;
mod story;

use anyhow::Result;

use crate::stage::events::Events;
use crate::stage::openssl::OpenSsl;
use crate::stage::{NEEDED, Setting, Stage};

/// What `cargo xtask demo` is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Runs the story once, verifies every step, and leaves nothing running.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let events = Events::listen(OpenSsl::find()?)?;
    let mut stage = Stage::set("demo", &NEEDED, setting())?;
    story::tell(&mut stage, &events)?;
    if options.check {
        return Ok(());
    }
    println!("\nBoth are still running; ctrl-c ends them and removes what they wrote.");
    println!("  people chat at      http://{}/", stage.telegram.address);
    println!(
        "  the server's API is http://{}/v1/projects/prj_demo/bot",
        stage.server.private
    );
    println!(
        "  its API token is in {}",
        stage.server.data.join("api-token").display()
    );
    println!("  webhooks arrive at  http://{}/", stage.server.public);
    println!("  events reach        {}", events.url());
    println!("  logs are in         {}", stage.scratch.path().display());
    stage.stay()
}

/// The story, with the programs as the tests build them.
pub(crate) fn check(packages: &[&str]) -> Result<()> {
    let events = Events::listen(OpenSsl::find()?)?;
    story::tell(&mut Stage::set("demo", packages, setting())?, &events)
}

/// Whoever hears of bots in this story is on this machine.
fn setting() -> Setting<'static> {
    let allowed = ["--allow-private-targets", "true"];
    Setting {
        arguments: allowed.map(str::to_owned).into(),
        ..Setting::default()
    }
}
