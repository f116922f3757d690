//! A program that runs beside this one: started, awaited, killed, started again.

use std::fs::{File, OpenOptions};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::scratch::Scratch;

/// The longest that a start may take.
const START: Duration = Duration::from_secs(30);

/// A program, its arguments, its whole environment, and the file that gets all its output.
pub(crate) struct Program {
    pub(crate) file: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) folder: PathBuf,
    pub(crate) log: PathBuf,
}

/// A running program. Its output is appended to the log, over restarts too.
pub(crate) struct Process {
    program: Program,
    child: Child,
}

impl Process {
    /// Starts it, and has it killed when the scratch folder goes.
    pub(crate) fn start(program: Program, scratch: &mut Scratch) -> Result<Self> {
        let child = spawn(&program)?;
        scratch.kills(child.id())?;
        Ok(Self { program, child })
    }

    /// Ends it as a power cut would: no signal handler runs.
    pub(crate) fn kill(&mut self, scratch: &mut Scratch) -> Result<()> {
        self.child
            .kill()
            .context("the program had ended by itself")?;
        self.child.wait()?;
        scratch.spares(self.child.id())
    }

    /// Starts it again, with the same arguments.
    pub(crate) fn restart(&mut self, scratch: &mut Scratch) -> Result<()> {
        self.child = spawn(&self.program)?;
        scratch.kills(self.child.id())
    }

    /// One of the program's other commands, with the settings that this one runs with.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let Program {
            file,
            arguments,
            environment,
            folder,
            ..
        } = &self.program;
        let mut command = Command::new(file);
        command.args(words).args(arguments).current_dir(folder);
        command.env_clear().stdin(Stdio::null());
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// From its next start on it is told this instead of what it was told by this name; an error when it was told nothing.
    pub(crate) fn set_argument(&mut self, name: &str, value: String) -> Result<()> {
        let arguments = &mut self.program.arguments;
        let named = arguments.iter().position(|argument| argument == name);
        let place = named.and_then(|place| arguments.get_mut(place + 1));
        *place.with_context(|| format!("it was started without {name}"))? = value;
        Ok(())
    }

    /// From its next start on it has this environment, and nothing else in it.
    pub(crate) fn set_environment(&mut self, environment: Vec<(String, String)>) {
        self.program.environment = environment;
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits until `ready` says so; an error, with the end of the log, when the program ends or takes too long.
    pub(crate) fn until(&mut self, ready: impl Fn() -> bool) -> Result<()> {
        let began = Instant::now();
        while !ready() {
            let name = self.program.file.display();
            if let Some(status) = self.child.try_wait()? {
                bail!("{name} ended: {status}\n{}", self.last_lines());
            }
            if began.elapsed() > START {
                bail!("{name} is not ready after {START:?}\n{}", self.last_lines());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> Result<()> {
        self.child.wait()?;
        Ok(())
    }

    /// The end of its log.
    pub(crate) fn last_lines(&self) -> String {
        let log = std::fs::read(&self.program.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

fn spawn(program: &Program) -> Result<Child> {
    let log: File = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&program.log)
        .with_context(|| format!("cannot write {}", program.log.display()))?;
    Command::new(&program.file)
        .args(&program.arguments)
        .current_dir(&program.folder)
        .env_clear()
        .envs(
            program
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {}", program.file.display()))
}

/// An address of this machine on which nothing listens.
pub(crate) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?)
}

/// Whether something listens there.
pub(crate) fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

/// Asks until the answer is there; an error that says what was awaited when it does not come.
pub(crate) fn eventually<T>(
    what: &str,
    within: Duration,
    ask: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let mut ask = ask;
    let began = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if began.elapsed() > within {
            bail!("{what}: not within {within:?}");
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(scratch: &Scratch, script: &str) -> Program {
        Program {
            file: "/bin/sh".into(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            environment: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
            folder: scratch.path().to_owned(),
            log: scratch.path().join("log"),
        }
    }

    #[test]
    fn a_program_is_killed_and_started_again() {
        let mut scratch = Scratch::new("test").unwrap();
        let mark = scratch.path().join("mark");
        let program = program(&scratch, "echo here >>mark; sleep 600");
        let mut process = Process::start(program, &mut scratch).unwrap();
        let lines = || {
            std::fs::read_to_string(&mark)
                .unwrap_or_default()
                .lines()
                .count()
        };
        process.until(|| lines() == 1).unwrap();
        process.kill(&mut scratch).unwrap();
        process.restart(&mut scratch).unwrap();
        process.until(|| lines() == 2).unwrap();
        process.kill(&mut scratch).unwrap();
    }

    #[test]
    fn another_command_has_the_settings_of_the_program() {
        let mut scratch = Scratch::new("test").unwrap();
        let mut process = Process::start(program(&scratch, "exit 0"), &mut scratch).unwrap();
        process.set_argument("-c", "echo moved".to_owned()).unwrap();
        let told = process.command(&["-e"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&told.stdout), "moved\n");
        assert!(process.set_argument("--none", String::new()).is_err());
    }

    #[test]
    fn an_end_before_it_is_ready_shows_the_log() {
        let mut scratch = Scratch::new("test").unwrap();
        let program = program(&scratch, "echo no database; exit 4");
        let mut process = Process::start(program, &mut scratch).unwrap();
        let refused = process.until(|| false).unwrap_err().to_string();
        assert!(
            refused.contains("no database") && refused.contains("exit status: 4"),
            "{refused}"
        );
    }
}
