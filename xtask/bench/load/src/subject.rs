//! What is measured: a program that receives requests, and how it is seen that it is done with them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::runtime::Runtime;

use crate::books::Books;
use crate::bot_api::BotApi;
use crate::http;
use crate::metrics::Metrics;
use crate::program::{Program, free_address, listens};
use crate::traffic::Traffic;
use crate::usage;

/// A running receiver and the requests for it.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) program: Program,
    pub(crate) address: SocketAddr,
    pub(crate) traffic: Traffic,
    /// Of our server: what else there is to see of it.
    pub(crate) ours: Option<Ours>,
}

/// The inside of our server.
pub(crate) struct Ours {
    pub(crate) private: SocketAddr,
    pub(crate) books: Books,
    /// Updates that were acknowledged since it was started.
    pub(crate) acknowledged: u64,
    /// Updates that waited in its inbox when it was started.
    waiting: u64,
}

/// How our server is started.
pub(crate) struct Start<'a> {
    pub(crate) server: &'a Path,
    pub(crate) data: PathBuf,
    pub(crate) api: &'a BotApi,
    pub(crate) greeting: bool,
    pub(crate) environment: Vec<(String, String)>,
}

impl Subject {
    /// Starts one of the programs to compare with.
    pub(crate) fn receiver(
        name: &'static str,
        folder: &Path,
        scratch: &Path,
        traffic: Traffic,
    ) -> Result<Self> {
        let address = free_address()?;
        let log = scratch.join(format!("{name}.log"));
        let mut program = Program::start(&folder.join(name), &[address.to_string()], &[], log)?;
        program.until("it listens", || listens(address))?;
        Ok(Self {
            name,
            program,
            address,
            traffic,
            ours: None,
        })
    }

    /// Starts our server over a data directory, and waits until it is ready.
    pub(crate) fn ours(
        name: &'static str,
        start: &Start<'_>,
        traffic: Traffic,
        runtime: &Runtime,
    ) -> Result<Self> {
        let books = runtime.block_on(Books::open(&start.data))?;
        let waiting = runtime.block_on(books.pending())?;
        let (public, private) = (free_address()?, free_address()?);
        let mut program = start.program(public, private)?;
        program.until("it is ready", || {
            http::get(private, "/readyz").is_ok_and(|(status, _)| status == 200)
        })?;
        let ours = Some(Ours {
            private,
            books,
            acknowledged: 0,
            waiting,
        });
        Ok(Self {
            name,
            program,
            address: public,
            traffic,
            ours,
        })
    }

    /// Waits until nothing is left to do; answers how long that took, for our server until the inbox was empty.
    pub(crate) fn settle(
        &mut self,
        acknowledged: u64,
        api: &mut BotApi,
        runtime: &Runtime,
    ) -> Result<Duration> {
        let began = Instant::now();
        if let Some(ours) = &mut self.ours {
            ours.acknowledged += acknowledged;
            while !ours.is_done()? {
                ensure!(
                    began.elapsed() < LONGEST_WORK,
                    "it does not finish\n{}",
                    self.program.last_lines()
                );
                api.serve(&mut Vec::new())?;
                thread::sleep(Duration::from_millis(5));
            }
        }
        let took = began.elapsed();
        self.rest()?;
        if let Some(ours) = &self.ours {
            ours.check(runtime)?;
        }
        Ok(took)
    }

    /// What it counts itself, where it does.
    pub(crate) fn told(&self) -> Result<Option<Metrics>> {
        match &self.ours {
            Some(ours) => Metrics::read(ours.private),
            None => Ok(None),
        }
    }

    /// Waits until it sleeps: what rides along late (its log, its tidying up) is part of what it costs.
    fn rest(&self) -> Result<()> {
        thread::sleep(Duration::from_millis(300));
        let began = Instant::now();
        let mut before = usage::cpu(self.program.id())?;
        loop {
            thread::sleep(Duration::from_millis(100));
            let now = usage::cpu(self.program.id())?;
            if now - before < Duration::from_millis(2) {
                return Ok(());
            }
            ensure!(
                began.elapsed() < LONGEST_WORK,
                "{} does not come to rest",
                self.name
            );
            before = now;
        }
    }
}

impl Ours {
    /// By its own count of what it settled, since asking that costs little; then by the database, which [`Self::check`] asks.
    fn is_done(&self) -> Result<bool> {
        let settled = self.count("memberpass_inbox_updates_settled_total")?;
        Ok(settled >= self.waiting + self.acknowledged)
    }

    /// Acknowledged = stored = finished.
    fn check(&self, runtime: &Runtime) -> Result<()> {
        let pending = runtime.block_on(self.books.pending())?;
        ensure!(pending == 0, "{pending} updates are not finished");
        let (stored, acknowledged) = (self.stored()?, self.acknowledged);
        ensure!(
            stored == acknowledged,
            "{acknowledged} updates were acknowledged, {stored} are stored"
        );
        Ok(())
    }

    /// How many updates it has stored since it was started.
    pub(crate) fn stored(&self) -> Result<u64> {
        self.count("memberpass_inbox_updates_stored_total")
    }

    fn count(&self, name: &str) -> Result<u64> {
        let told = Metrics::read(self.private)?.context("the server tells no metrics")?;
        let value = told.value(name).with_context(|| format!("no {name}"))?;
        Ok(value as u64)
    }
}

impl Start<'_> {
    /// Starts the program and waits for nothing.
    pub(crate) fn program(&self, public: SocketAddr, private: SocketAddr) -> Result<Program> {
        let data = self
            .data
            .to_str()
            .context("the scratch folder's name is not text")?;
        let settings = [
            ("--data-dir", data.to_owned()),
            ("--public-listen", public.to_string()),
            ("--private-listen", private.to_string()),
            ("--public-url", "https://bots.example.com".to_owned()),
            ("--bot-api-url", format!("http://{}", self.api.address()?)),
            ("--log-filter", "warn".to_owned()),
        ];
        let mut settings = settings.to_vec();
        // A server from before there was this setting greets.
        if self.knows("--greeting")? {
            let greeting = if self.greeting { "on" } else { "off" };
            settings.push(("--greeting", greeting.to_owned()));
        }
        let settings = settings
            .into_iter()
            .flat_map(|(name, value)| [name.to_owned(), value]);
        let arguments: Vec<String> = std::iter::once("serve".to_owned())
            .chain(settings)
            .collect();
        Program::start(
            self.server,
            &arguments,
            &self.environment,
            self.data.with_extension("log"),
        )
    }

    fn knows(&self, setting: &str) -> Result<bool> {
        let help = Command::new(self.server)
            .args(["serve", "--help"])
            .output()?;
        Ok(String::from_utf8_lossy(&help.stdout).contains(setting))
    }
}

const LONGEST_WORK: Duration = Duration::from_secs(60);
