//! A Postgres for the tests: the one that `MEMBERPASS_TEST_POSTGRES` names, or a throwaway cluster of our own.

mod binaries;
mod cluster;
mod install;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use self::cluster::Cluster;
use crate::command;

/// The variable by which test suites hear of a Postgres: a `postgres://` URL of a role that may create schemas.
pub(crate) const VARIABLE: &str = "MEMBERPASS_TEST_POSTGRES";

/// A Postgres that answers for as long as this value lives.
pub(crate) enum Postgres {
    /// Somebody else's.
    Given(String),
    /// Ours, removed with this value.
    Throwaway(Cluster),
}

impl Postgres {
    /// Finds one, installing it when it is missing and `install` says so.
    pub(crate) fn ready(install: bool) -> Result<Self> {
        if let Ok(url) = std::env::var(VARIABLE) {
            println!("Postgres: the one that {VARIABLE} names");
            return Ok(Self::Given(url));
        }
        let cluster = Cluster::start(&programs(install)?)?;
        println!(
            "Postgres: a throwaway cluster in {}",
            cluster.folder().display()
        );
        Ok(Self::Throwaway(cluster))
    }

    /// What the test suites connect to.
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Given(url) => url,
            Self::Throwaway(cluster) => cluster.url(),
        }
    }
}

/// Runs a command that is told by the variable where a Postgres is.
pub(crate) fn beside(words: &[OsString]) -> Result<()> {
    let Some((program, arguments)) = words.split_first() else {
        bail!("no command was given")
    };
    let postgres = Postgres::ready(false)?;
    command::run(
        Command::new(program)
            .args(arguments)
            .env(VARIABLE, postgres.url()),
    )
}

fn programs(install: bool) -> Result<PathBuf> {
    if let Some(found) = binaries::find() {
        return Ok(found);
    }
    if !install {
        bail!(
            "the tests need Postgres and none is here; type `{}`, or set {VARIABLE} to a URL, or add --install",
            crate::apt::typed(install::PACKAGE)
        );
    }
    install::install()?;
    match binaries::find() {
        Some(found) => Ok(found),
        None => bail!("Postgres was installed, but its initdb and pg_ctl are nowhere to be found"),
    }
}
