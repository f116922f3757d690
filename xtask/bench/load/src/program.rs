//! A program that is measured: started on its core, ended whatever happens to this process.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::affinity;

/// A running program.
pub(crate) struct Program {
    name: String,
    child: Child,
    /// A shell that kills the program as soon as a pipe closes that only this process holds open.
    janitor: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it on the servers' core, with no environment but this, its output in a file.
    pub(crate) fn start(
        file: &Path,
        arguments: &[String],
        environment: &[(String, String)],
        log: PathBuf,
    ) -> Result<Self> {
        let name = file
            .file_name()
            .unwrap_or(file.as_os_str())
            .display()
            .to_string();
        let output =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new(file);
        command
            .args(arguments)
            .env_clear()
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let child = affinity::on(affinity::SERVERS, || {
            command
                .spawn()
                .with_context(|| format!("cannot start {}", file.display()))
        })?;
        let janitor = Command::new("sh")
            .args([
                "-c",
                "read -r _; kill -KILL \"$1\"",
                "janitor",
                &child.id().to_string(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start `sh`")?;
        Ok(Self {
            name,
            child,
            janitor,
            log,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks every millisecond until the answer is yes; an error, with the end of the log, when the program ends first.
    pub(crate) fn until(&mut self, what: &str, ready: impl Fn() -> bool) -> Result<()> {
        let began = Instant::now();
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended: {status}\n{}", self.name, self.last_lines());
            }
            if began.elapsed() > LONGEST_START {
                bail!(
                    "{}: {what}: not within {LONGEST_START:?}\n{}",
                    self.name,
                    self.last_lines()
                );
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn stop(mut self) -> Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("{} ended badly: {status}\n{}", self.name, self.last_lines());
        }
        Ok(())
    }

    pub(crate) fn last_lines(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The janitor first: the program's number may belong to another one once it has been waited for.
        for process in [&mut self.janitor, &mut self.child] {
            // It may have ended by itself.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

const LONGEST_START: Duration = Duration::from_secs(60);

/// An address of this machine on which nothing listens.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// Whether something listens there.
pub(crate) fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}
