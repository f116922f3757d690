//! What demo and torture play on: the simulated Telegram and the server, as processes of their own on embedded defaults.

pub(crate) mod events;
pub(crate) mod http;
pub(crate) mod openssl;
pub(crate) mod process;
pub(crate) mod server;
pub(crate) mod simulator;

use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use self::process::{Process, Program, free_address};
use self::server::Server;
use self::simulator::Simulator;
use crate::command::{cargo, run, target_directory};
use crate::scratch::Scratch;

/// The two programs and nothing else, as cargo is told.
pub(crate) const NEEDED: [&str; 4] = [
    "--package",
    "memberpass-telegram",
    "--package",
    "telegram-simulator-server",
];

const SERVER: &str = "memberpass-telegram";

/// The name under which the simulated Telegram reaches the server. It has no meaning anywhere else.
const HOST: &str = "bots.example.com";

/// How the server is to be started, besides what it always needs.
#[derive(Default)]
pub(crate) struct Setting<'a> {
    /// Its whole environment.
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) arguments: Vec<String>,
    /// Commands of the server's that come first, such as `migrate`.
    pub(crate) before: &'a [&'a [&'a str]],
}

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
    pub(crate) fn set(purpose: &str, packages: &[&str], setting: Setting<'_>) -> Result<Self> {
        build(packages)?;
        let mut stage = Self::open(Scratch::new(purpose)?, setting)?;
        stage.until_ready()?;
        Ok(stage)
    }

    /// Starts both, already built. The server may not be ready yet.
    pub(crate) fn open(mut scratch: Scratch, setting: Setting<'_>) -> Result<Self> {
        let telegram = Simulator {
            address: free_address()?,
        };
        let data = scratch.path().join("data");
        let server = Server::new(free_address()?, free_address()?, &data);
        let listen = vec!["--listen".to_owned(), telegram.address.to_string()];
        let started = program("telegram-simulator", listen, Vec::new(), &scratch)?;
        let mut telegram_process = Process::start(started, &mut scratch)?;
        telegram_process.until(|| process::listens(telegram.address))?;
        telegram.resolve(HOST, server.public)?;
        let mut arguments = server_arguments(&server, &telegram);
        arguments.extend(setting.arguments);
        let started = program(SERVER, arguments, setting.environment, &scratch)?;
        for words in setting.before {
            run(Command::new(&started.file)
                .args(*words)
                .args(&started.arguments)
                .stdout(Stdio::null()))?;
        }
        let server_process = Process::start(started, &mut scratch)?;
        Ok(Self {
            telegram,
            server,
            telegram_process,
            server_process,
            scratch,
        })
    }

    /// Waits until the server takes updates.
    pub(crate) fn until_ready(&mut self) -> Result<()> {
        self.server_process
            .until(|| self.server.is_ready())
            .context("the server does not start")
    }

    /// kill -9, and a start right after it.
    pub(crate) fn crash_server(&mut self) -> Result<()> {
        self.kill_server()?;
        self.server_process.restart(&mut self.scratch)?;
        self.until_ready()
    }

    /// kill -9, unless it has ended by itself.
    pub(crate) fn kill_server(&mut self) -> Result<()> {
        self.server_process.kill(&mut self.scratch)
    }

    /// How the server ended, if it has.
    pub(crate) fn server_ended(&mut self) -> Result<Option<ExitStatus>> {
        self.server_process.ended()
    }

    /// Starts the server again, with this environment. It may not be ready yet.
    pub(crate) fn start_server(&mut self, environment: Vec<(String, String)>) -> Result<()> {
        self.server_process.set_environment(environment);
        self.server_process.restart(&mut self.scratch)
    }

    /// Starts the server again as it was started, after it ended by itself.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        self.kill_server()?;
        self.server_process.restart(&mut self.scratch)
    }

    /// Kills it, and starts it at another public name, which leads to the same listener as the one before.
    pub(crate) fn move_server(&mut self, host: &str) -> Result<()> {
        self.telegram.resolve(host, self.server.public)?;
        let url = format!("https://{host}");
        self.server_process.set_argument("--public-url", url)?;
        self.crash_server()
    }

    /// What one of the server's commands says; what it refuses is an error with its words.
    pub(crate) fn command(&self, words: &[&str]) -> Result<String> {
        let name = words.join(" ");
        let output = self.server_process.command(words).output();
        let output = output.with_context(|| format!("cannot start `{name}`"))?;
        let [told, complaint] = [output.stdout, output.stderr]
            .map(|text| String::from_utf8_lossy(&text).trim().to_owned());
        self.server.keep_text(format!("{told}\n{complaint}"));
        if !output.status.success() {
            bail!("{complaint}");
        }
        Ok(told)
    }

    /// The same for a command that tells JSON.
    pub(crate) fn command_json(&self, words: &[&str]) -> Result<Value> {
        let told = self.command(&[words, &["--json"]].concat())?;
        serde_json::from_str(&told).with_context(|| format!("`{}` told no JSON", words.join(" ")))
    }

    /// The end of the server's log.
    pub(crate) fn server_log(&self) -> String {
        self.server_process.last_lines()
    }

    /// Waits until the person has seen enough.
    pub(crate) fn stay(&mut self) -> Result<()> {
        self.server_process.wait()?;
        self.telegram_process.wait()
    }
}

/// Builds both programs, with these packages and features.
pub(crate) fn build(packages: &[&str]) -> Result<()> {
    let mut build: Command = cargo(["build"]);
    build
        .args(packages)
        .args(["--bin", SERVER, "--bin", "telegram-simulator"]);
    run(&mut build)
}

fn program(
    name: &str,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    scratch: &Scratch,
) -> Result<Program> {
    let file = target_directory()?.join("debug").join(name);
    let folder = scratch.path().to_owned();
    let log = folder.join(format!("{name}.log"));
    Ok(Program {
        file,
        arguments,
        environment,
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
