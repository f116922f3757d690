//! What the story plays on: the simulated Telegram and the server, as processes of their own on embedded defaults.

use std::process::Command;

use anyhow::{Context, Result};

use super::process::{Process, Program, free_address};
use super::server::Server;
use super::simulator::Simulator;
use crate::command::{cargo, run, target_directory};
use crate::scratch::Scratch;

/// The name under which the simulated Telegram reaches the server. It has no meaning anywhere else.
const HOST: &str = "bots.example.com";

/// Both programs, running.
pub(crate) struct Stage {
    pub(crate) telegram: Simulator,
    pub(crate) server: Server,
    telegram_process: Process,
    server_process: Process,
    /// Last, so that the folder goes after the processes.
    pub(crate) scratch: Scratch,
}

impl Stage {
    /// Builds both, starts both, and waits until they are ready.
    pub(crate) fn set(packages: &[&str]) -> Result<Self> {
        run(build(packages).args([
            "--bin",
            "memberpass-telegram",
            "--bin",
            "telegram-simulator",
        ]))?;
        let mut scratch = Scratch::new("demo")?;
        let telegram = Simulator {
            address: free_address()?,
        };
        let server = Server::new(
            free_address()?,
            free_address()?,
            &scratch.path().join("data"),
        );
        let arguments = vec!["--listen".to_owned(), telegram.address.to_string()];
        let started = program("telegram-simulator", arguments, &scratch)?;
        let mut telegram_process = Process::start(started, &mut scratch)?;
        telegram_process.until(|| super::process::listens(telegram.address))?;
        telegram.resolve(HOST, server.public)?;
        let started = program(
            "memberpass-telegram",
            server_arguments(&server, &telegram),
            &scratch,
        )?;
        let mut server_process = Process::start(started, &mut scratch)?;
        server_process
            .until(|| server.is_ready())
            .context("the server does not start")?;
        Ok(Self {
            telegram,
            server,
            telegram_process,
            server_process,
            scratch,
        })
    }

    /// kill -9, and a start right after it.
    pub(crate) fn crash_server(&mut self) -> Result<()> {
        self.server_process.kill(&mut self.scratch)?;
        self.server_process.restart(&mut self.scratch)?;
        self.server_process
            .until(|| self.server.is_ready())
            .context("the server does not start again")
    }

    /// Waits until the person has seen enough.
    pub(crate) fn stay(&mut self) -> Result<()> {
        self.server_process.wait()?;
        self.telegram_process.wait()
    }
}

fn build(packages: &[&str]) -> Command {
    let mut build = cargo(["build"]);
    build.args(packages);
    build
}

fn program(name: &str, arguments: Vec<String>, scratch: &Scratch) -> Result<Program> {
    let file = target_directory()?.join("debug").join(name);
    let folder = scratch.path().to_owned();
    let log = folder.join(format!("{name}.log"));
    Ok(Program {
        file,
        arguments,
        folder,
        log,
    })
}

fn server_arguments(server: &Server, telegram: &Simulator) -> Vec<String> {
    let settings = [
        ("--data-dir", server.data.display().to_string()),
        ("--public-listen", server.public.to_string()),
        ("--private-listen", server.private.to_string()),
        ("--public-url", format!("https://{HOST}")),
        ("--bot-api-url", format!("http://{}", telegram.address)),
    ];
    settings
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value])
        .collect()
}
