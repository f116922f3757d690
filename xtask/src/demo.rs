//! `cargo xtask demo`: the story of a bot, told by a simulated Telegram and the real server.

mod figures;
mod http;
mod process;
mod report;
mod secrets;
mod server;
mod simulator;
mod stage;
mod story;

use anyhow::Result;

use self::stage::Stage;

/// What `cargo xtask demo` is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Runs the story once, verifies every step, and leaves nothing running.
    #[arg(long)]
    check: bool,
}

/// The two programs and nothing else.
const NEEDED: [&str; 4] = [
    "--package",
    "memberpass-telegram",
    "--package",
    "telegram-simulator-server",
];

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut stage = Stage::set(&NEEDED)?;
    story::tell(&mut stage)?;
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
    println!("  logs are in         {}", stage.scratch.path().display());
    stage.stay()
}

/// The story, with the programs as the tests build them.
pub(crate) fn check(packages: &[&str]) -> Result<()> {
    story::tell(&mut Stage::set(packages)?)
}
