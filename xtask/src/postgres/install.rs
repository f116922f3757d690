//! Installing Postgres with the system's package manager.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;

/// What a person would type.
pub(crate) const COMMAND: &str = "apt-get update && apt-get install --yes postgresql";

/// Read by Debian's packages when they are installed.
const SETTINGS: &str = "/etc/postgresql-common/createcluster.d";
const NO_MAIN_CLUSTER: &str = "create_main_cluster = false\n";

/// Installs Postgres's programs, and keeps Debian from making and starting a cluster of its own.
pub(crate) fn install() -> Result<()> {
    if command::in_path("apt-get").is_none() {
        bail!(
            "this machine has no apt-get; install Postgres's server programs and put them into PATH"
        );
    }
    println!("Postgres is missing: {COMMAND}");
    let script = script(command::is_root())?;
    command::run(
        Command::new("sh")
            .args(["-euc", &script])
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

fn script(is_root: bool) -> Result<String> {
    let sudo = match (is_root, command::in_path("sudo")) {
        (true, _) => "",
        (false, Some(_)) => "sudo ",
        (false, None) => bail!("installing needs root; as root: {COMMAND}"),
    };
    let update = format!("{sudo}apt-get update --quiet");
    let install = format!("{sudo}apt-get install --quiet --yes --no-install-recommends postgresql");
    if fs::exists(Path::new(SETTINGS).parent().unwrap_or(Path::new("/"))).context("cannot look")? {
        // The person who installed part of Postgres before us has chosen.
        return Ok(format!("{update}\n{install}"));
    }
    let setting = format!("{SETTINGS}/no-main-cluster.conf");
    Ok(format!(
        "{sudo}mkdir -p {SETTINGS}\n\
         printf '{NO_MAIN_CLUSTER}' | {sudo}tee {setting} >/dev/null\n\
         trap '{sudo}rm -f {setting}' EXIT\n\
         {update}\n{install}"
    ))
}
