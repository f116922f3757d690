//! A Postgres cluster in a temporary folder: made, started, used, removed.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::command;
use crate::scratch::Scratch;

const ROLE: &str = "memberpass";

/// How often a start is tried: between choosing a free port and listening on it, another program may take it.
const TRIES: u32 = 3;

/// A running cluster, open to everybody on this machine's loopback address; it ends with this value.
pub(crate) struct Cluster {
    scratch: Scratch,
    programs: PathBuf,
    owner: Option<Account>,
    url: String,
}

impl Cluster {
    /// Makes and starts one with the programs in this folder.
    pub(crate) fn start(programs: &Path) -> Result<Self> {
        let scratch = Scratch::new("postgres")?;
        let owner = if command::is_root() {
            Some(Account::other_than_root()?)
        } else {
            None
        };
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o700))?;
        if let Some(owner) = &owner {
            chown(scratch.path(), Some(owner.user), Some(owner.group))
                .with_context(|| format!("cannot give {} away", scratch.path().display()))?;
        }
        let programs = programs.to_owned();
        let mut cluster = Self {
            scratch,
            programs,
            owner,
            url: String::new(),
        };
        cluster.make()?;
        cluster.listen()?;
        Ok(cluster)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn folder(&self) -> &Path {
        self.scratch.path()
    }

    fn make(&self) -> Result<()> {
        let mut initdb = self.program("initdb");
        initdb.args([
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--username",
            ROLE,
        ]);
        command::run(
            initdb
                .arg("--pgdata")
                .arg(self.data())
                .stdout(Stdio::null()),
        )
    }

    fn listen(&mut self) -> Result<()> {
        for _ in 0..TRIES {
            let port = free_port()?;
            if command::run(&mut self.pg_ctl_start(port)).is_ok() {
                self.url = format!("postgres://{ROLE}@127.0.0.1:{port}/postgres");
                let postmaster = fs::read_to_string(self.data().join("postmaster.pid"))
                    .context("Postgres runs without saying its process id")?;
                let process = postmaster
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .parse()?;
                return self.scratch.kills(process);
            }
        }
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        bail!("Postgres does not start; its log says:\n{log}")
    }

    /// Settings for many short tests at once. fsync stays on: the tests are about durability.
    fn pg_ctl_start(&self, port: u16) -> Command {
        let settings = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='{}' \
             -c max_connections=200 -c shared_buffers=64MB -c max_wal_size=256MB",
            self.folder().display()
        );
        let mut start = self.program("pg_ctl");
        start.args([
            "start",
            "--silent",
            "--wait",
            "--timeout=60",
            "--options",
            &settings,
        ]);
        start
            .arg("--pgdata")
            .arg(self.data())
            .arg("--log")
            .arg(self.log());
        start
    }

    /// One of Postgres's programs, as the cluster's owner.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command
            .current_dir(self.folder())
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        if let Some(owner) = &self.owner {
            command.uid(owner.user).gid(owner.group);
        }
        // In a group of its own a ctrl-c reaches this process alone, and the janitor does the rest.
        command.process_group(0);
        command
    }

    fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder().join("log")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "--silent", "--mode=immediate", "--pgdata"])
            .arg(self.data());
        // What does not stop here is killed by the janitor.
        let _ = command::run(&mut stop);
    }
}

/// A user of this machine and its group.
struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// Postgres refuses to run as root: `postgres` where its package made that user, else `nobody`.
    fn other_than_root() -> Result<Self> {
        let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::named(name, &users))
            .context("Postgres refuses to run as root, and there is neither a user `postgres` nor `nobody`")
    }

    fn named(name: &str, users: &str) -> Option<Self> {
        let fields = users
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>());
        let fields = fields
            .into_iter()
            .find(|fields| fields.first() == Some(&name))?;
        Some(Self {
            user: fields.get(2)?.parse().ok()?,
            group: fields.get(3)?.parse().ok()?,
        })
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_from_the_list_of_users() {
        let users = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n";
        let nobody = Account::named("nobody", users).unwrap();
        assert_eq!((nobody.user, nobody.group), (65_534, 65_533));
        assert!(Account::named("postgres", users).is_none());
    }
}
