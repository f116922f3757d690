//! Installing Postgres with the system's package manager.

use std::process::Command;

use anyhow::{Result, bail};

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

/// The setting is gone afterwards: what the machine's owner installs later is their affair.
fn script(is_root: bool) -> Result<String> {
    let sudo = match (is_root, command::in_path("sudo")) {
        (true, _) => "",
        (false, Some(_)) => "sudo ",
        (false, None) => bail!("installing needs root; as root: {COMMAND}"),
    };
    let update = format!("{sudo}apt-get update --quiet");
    let install = format!("{sudo}apt-get install --quiet --yes --no-install-recommends postgresql");
    let setting = format!("{SETTINGS}/no-main-cluster.conf");
    Ok(format!(
        "{sudo}mkdir -p {SETTINGS}\n\
         printf '{NO_MAIN_CLUSTER}' | {sudo}tee {setting} >/dev/null\n\
         trap '{sudo}rm -f {setting}' EXIT\n\
         {update}\n{install}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_one_that_a_shell_can_read() {
        let script = script(true).unwrap();
        command::run(Command::new("sh").args(["-nc", &script])).unwrap();
        assert!(script.contains("apt-get update"), "{script}");
        assert!(!script.contains("sudo"), "{script}");
    }
}
