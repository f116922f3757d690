//! The commands of the binary. `serve` is the one that runs when none is named.

mod bots;
mod diagnose;
mod events;
mod keys;
pub(crate) mod migrate;
mod registrations;
mod show;
mod token;
mod updates;

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::{Arg, ArgMatches, Command, FromArgMatches as _, Subcommand};

use crate::config::{Config, SETTINGS, Sources};
use crate::{logging, serve};

#[derive(Subcommand)]
enum Task {
    /// Receives updates and answers them (the default).
    Serve,
    /// Applies the migrations that the database has not seen. SQLite migrates itself at start; Postgres waits for this.
    Migrate,
    /// The settings in force, and where each came from.
    #[command(subcommand)]
    Config(show::Config),
    /// Master keys, of a running server or, when none runs, of its database.
    Keys(keys::Keys),
    /// API tokens.
    #[command(subcommand)]
    Token(token::Token),
    /// Updates that failed, wait or are being handled, of a running server.
    #[command(subcommand)]
    Updates(updates::Updates),
    /// Bots of a running server.
    #[command(subcommand)]
    Bots(bots::Bots),
    /// Why a bot is silent, asked of Telegram now. Example: memberpass-telegram diagnose prj_7Zq
    Diagnose(diagnose::Diagnose),
    /// Who hears of bots, and what became of deliveries, of a running server.
    Events(events::Events),
    /// How far a running server is with webhooks that have to be registered anew. Example: memberpass-telegram registrations
    Registrations(registrations::Registrations),
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> anyhow::Result<()> {
    let matches = command_line().get_matches();
    let task = match matches.subcommand() {
        Some(_) => Task::from_arg_matches(&matches)?,
        None => Task::Serve,
    };
    let sources = Sources::read(flags(&matches), environment())?;
    if let Task::Config(show) = task {
        return show::run(&show, &sources);
    }
    let config = Config::from_sources(&sources)?;
    let log = logging::start(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match task {
            Task::Serve => serve::run(config, log.lines()).await,
            Task::Migrate => migrate::run(&config).await,
            Task::Keys(keys) => keys::run(keys, &config).await,
            Task::Token(token) => token::run(token, &config).await,
            Task::Updates(updates) => updates::run(updates, &config).await,
            Task::Bots(bots) => bots::run(bots, &config).await,
            Task::Diagnose(diagnose) => diagnose::run(&diagnose, &config).await,
            Task::Events(events) => events::run(events, &config).await,
            Task::Registrations(registrations) => registrations::run(&registrations, &config).await,
            Task::Config(_) => Ok(()),
        }
    })
}

fn command_line() -> Command {
    let command = Command::new("memberpass-telegram")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Keeps MemberPass's Telegram bots connected: receives their updates and answers them")
        .after_help(
            "Example:\n  memberpass-telegram --public-url https://bots.example.com\n\n\
             Every setting is also a variable (MEMBERPASS_PUBLIC_URL) and a key of the TOML file that --config names.",
        )
        .subcommand_required(false);
    let settings = SETTINGS.iter().map(|setting| {
        let default = setting
            .default
            .map_or_else(String::new, |value| format!(" [default: {value}]"));
        Arg::new(setting.key)
            .long(setting.key)
            .global(true)
            .value_name("VALUE")
            .help_heading("Settings")
            .help(format!("{}: {}{default}", setting.help, setting.shape))
    });
    Task::augment_subcommands(command.args(settings))
}

fn flags(matches: &ArgMatches) -> BTreeMap<&'static str, String> {
    // A global flag that follows the subcommand is found there.
    let innermost = std::iter::successors(Some(matches), |matches| {
        matches.subcommand().map(|(_, inner)| inner)
    });
    let innermost = innermost.last().unwrap_or(matches);
    SETTINGS
        .iter()
        .filter_map(|setting| {
            Some((
                setting.key,
                innermost.get_one::<String>(setting.key)?.clone(),
            ))
        })
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server's configuration reads the environment, here and nowhere else"
)]
fn environment() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}
