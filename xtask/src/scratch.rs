//! Temporary folders and child processes that are gone afterwards, whatever happens to this process.
//!
//! A janitor (a small shell in a process group of its own) waits on a pipe that only this process holds open. However this
//! process ends, by returning, by a panic, by ctrl-c or by kill -9, the pipe closes and the janitor cleans up.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result};

use crate::command::random;

/// A folder that is removed when this value is dropped or this process ends.
pub(crate) struct Scratch {
    path: PathBuf,
    janitor: Child,
    orders: Option<ChildStdin>,
}

impl Scratch {
    /// Makes the folder in the system's temporary folder, its name starting with `memberpass-<purpose>-`.
    pub(crate) fn new(purpose: &str) -> Result<Self> {
        let mark = u64::from_ne_bytes(random()?);
        let path = std::env::temp_dir().join(format!("memberpass-{purpose}-{mark:016x}"));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let mut janitor = Command::new("sh")
            .args(["-c", JANITOR, "janitor"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start `sh`")?;
        let orders = janitor.stdin.take();
        Ok(Self {
            path,
            janitor,
            orders,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Has this process interrupted, then killed, before the folder is removed.
    pub(crate) fn kills(&mut self, process: u32) -> Result<()> {
        self.order(&format!("+{process}"))
    }

    /// Takes `kills` back: this process has ended, and its number may belong to another one soon.
    pub(crate) fn spares(&mut self, process: u32) -> Result<()> {
        self.order(&format!("-{process}"))
    }

    fn order(&mut self, line: &str) -> Result<()> {
        let orders = self.orders.as_mut().context("the janitor is gone")?;
        writeln!(orders, "{line}").context("the janitor is gone")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.orders = None;
        // Nobody can be told when the janitor has failed; what is left is a folder in the temporary folder.
        let _ = self.janitor.wait();
    }
}

/// Reads `+<process>` and `-<process>`, one a line, until the pipe closes.
const JANITOR: &str = r#"
trap '' INT TERM HUP
kills=' '
while read -r order; do
    process=${order#?}
    case $order in
        +*) kills="$kills$process " ;;
        -*) kills="${kills%% $process *} ${kills#* $process }" ;;
    esac
done
for process in $kills; do kill -INT "$process" && interrupted=yes; done
if [ "${interrupted-}" ]; then
    sleep 0.5
    for process in $kills; do kill -KILL "$process"; done
fi
for turn in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf "$1" && break
    sleep 0.2
done
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left() {
        let mut scratch = Scratch::new("test").unwrap();
        let path = scratch.path().to_owned();
        fs::write(path.join("file"), "x").unwrap();
        let mut sleeper = Command::new("sleep")
            .arg("600")
            .process_group(0)
            .spawn()
            .unwrap();
        let mut spared = Command::new("sleep")
            .arg("600")
            .process_group(0)
            .spawn()
            .unwrap();
        scratch.kills(spared.id()).unwrap();
        scratch.kills(sleeper.id()).unwrap();
        scratch.spares(spared.id()).unwrap();
        drop(scratch);
        assert!(!path.exists());
        assert!(!sleeper.wait().unwrap().success());
        assert!(spared.try_wait().unwrap().is_none());
        spared.kill().unwrap();
        spared.wait().unwrap();
    }
}
