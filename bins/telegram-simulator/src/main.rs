//! Telegram on this machine, for people without one.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result};
use clap::Parser;
use clock::{Clock, Entropy};
use telegram_simulator::{Resolution, Simulator, SimulatorConfig};
use tracing_subscriber::EnvFilter;

/// A simulated Telegram: the Bot API, its webhook sender, BotFather and people, in memory, for development and tests.
///
/// Example: telegram-simulator --listen 127.0.0.1:8090 --resolve bots.example.com=149.154.160.1,127.0.0.1:8081
#[derive(Parser)]
#[command(version, verbatim_doc_comment)]
struct Arguments {
    /// Where to listen; anybody who reaches it can do everything
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// A host that webhooks may name, the public address it pretends to have, and the socket that requests really go to
    #[arg(long, value_name = "HOST=ADDRESS,SOCKET", value_parser = resolution)]
    resolve: Vec<(String, Resolution)>,
    /// Makes tokens and update ids the same at every start
    #[arg(long)]
    seed: Option<u64>,
    /// What to log, as tracing's filter: `telegram_simulator=debug`
    #[arg(long, default_value = "info")]
    log: EnvFilter,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(arguments.log)
        .with_writer(std::io::stderr)
        .init();
    let simulator = Simulator::start(SimulatorConfig {
        listen: arguments.listen,
        resolve: arguments.resolve,
        ..SimulatorConfig::new(
            Clock::system(),
            arguments.seed.map_or_else(Entropy::system, Entropy::seeded),
        )
    })
    .await?;
    greet(&simulator.api_root())?;
    tokio::signal::ctrl_c()
        .await
        .context("ctrl-c cannot be heard")
}

/// The first line is for programs: the address alone.
fn greet(root: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{root}")?;
    writeln!(
        out,
        "A simulated Telegram is ready. Three things to do with it:\n\
         1. Make a bot:        curl -d '{{\"name\":\"Mine\",\"username\":\"my_bot\"}}' {root}/control/bots\n\
         2. Connect it:        give your service that token and {root} as its Bot API;\n\
         \x20                     the host of its webhook must be known here: --resolve, or {root}/control/resolve\n\
         3. Talk to it:        open {root}/ in a browser\n\
         Ctrl-C ends it; nothing is kept."
    )?;
    out.flush()?;
    Ok(())
}

fn resolution(text: &str) -> Result<(String, Resolution), String> {
    let shape =
        "expected HOST=ADDRESS,SOCKET such as bots.example.com=149.154.160.1,127.0.0.1:8081";
    let (host, rest) = text.split_once('=').ok_or(shape)?;
    let (address, socket) = rest.split_once(',').ok_or(shape)?;
    let address: IpAddr = address.parse().map_err(|_| shape)?;
    let socket: SocketAddr = socket.parse().map_err(|_| shape)?;
    let resolution = Resolution {
        address,
        ..Resolution::clear(socket)
    };
    Ok((host.to_owned(), resolution))
}
