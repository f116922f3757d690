//! Installing with Debian's package manager.

use std::process::Command;

use anyhow::{Result, bail};

use crate::command;

/// What a person would type.
pub(crate) fn typed(package: &str) -> String {
    format!("apt-get update && apt-get install --yes {package}")
}

/// Installs a package. `around` is given `sudo `, or nothing, and answers what the shell does before.
pub(crate) fn install(package: &str, around: impl FnOnce(&str) -> String) -> Result<()> {
    if command::in_path("apt-get").is_none() {
        bail!(
            "this machine has no apt-get; install what the package `{package}` has, and put its programs into PATH"
        );
    }
    println!("{package} is missing: {}", typed(package));
    let script = script(package, command::is_root(), around)?;
    command::run(
        Command::new("sh")
            .args(["-euc", &script])
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

fn script(package: &str, is_root: bool, around: impl FnOnce(&str) -> String) -> Result<String> {
    let sudo = match (is_root, command::in_path("sudo")) {
        (true, _) => "",
        (false, Some(_)) => "sudo ",
        (false, None) => bail!("installing needs root; as root: {}", typed(package)),
    };
    Ok(format!(
        "{}{sudo}apt-get update --quiet\n{sudo}apt-get install --quiet --yes --no-install-recommends {package}",
        around(sudo)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_one_that_a_shell_can_read() {
        let script = script("openssl", true, |sudo| format!("{sudo}true\n")).unwrap();
        command::run(Command::new("sh").args(["-nc", &script])).unwrap();
        assert!(script.starts_with("true\napt-get update"), "{script}");
        assert!(!script.contains("sudo"), "{script}");
    }
}
