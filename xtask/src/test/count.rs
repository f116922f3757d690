//! Counts tests by reading what cargo prints while showing it.

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::command::shown;

/// How many tests ran, over all test binaries and doc tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    passed: u64,
    failed: u64,
    skipped: Vec<String>,
}

impl Count {
    /// Runs `cargo test`, shows its output and counts.
    pub(crate) fn follow(&mut self, command: &mut Command) -> Result<()> {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{}`", shown(command)))?;
        let output = child
            .stdout
            .take()
            .context("cargo has no standard output")?;
        for line in BufReader::new(output).lines() {
            let line = line.context("cannot read what cargo prints")?;
            writeln!(std::io::stdout(), "{line}")?;
            self.read(&line);
        }
        let status = child.wait()?;
        if !status.success() {
            // A test binary that could not be built, or was killed, prints no sum.
            self.failed = self.failed.max(1);
            bail!("`{}` failed: {status}", shown(command));
        }
        if self.passed == 0 {
            bail!("no test ran");
        }
        Ok(())
    }

    fn read(&mut self, line: &str) {
        if let Some(sum) = line.strip_prefix("test result: ") {
            self.passed += figure(sum, "passed");
            self.failed += figure(sum, "failed");
        } else if let Some(test) = line.strip_prefix("test ")
            && let Some((name, _)) = test.split_once(" ... ignored")
        {
            self.skipped.push(name.to_owned());
        }
    }
}

/// The number before this word in `ok. 3 passed; 0 failed; …`.
fn figure(sum: &str, word: &str) -> u64 {
    let parts = sum.split([';', '.']);
    let found = parts.filter_map(|part| part.trim().strip_suffix(word));
    found
        .filter_map(|number| number.trim().parse::<u64>().ok())
        .sum()
}

impl fmt::Display for Count {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.skipped {
            writeln!(out, "skipped: {name}")?;
        }
        write!(out, "{} passed, {} failed", self.passed, self.failed)?;
        match self.skipped.len() {
            0 => Ok(()),
            skipped => write!(out, ", {skipped} skipped"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_from_every_binary() {
        let mut count = Count::default();
        for line in [
            "running 3 tests",
            "test clock::sleeps ... ok",
            "test inbox::keeps ... ignored, needs a month",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s",
            "test result: nonsense",
        ] {
            count.read(line);
        }
        assert_eq!(
            count.to_string(),
            "skipped: inbox::keeps\n15 passed, 2 failed, 1 skipped"
        );
    }

    #[test]
    fn a_build_that_fails_is_a_failure() {
        let mut count = Count::default();
        assert!(
            count
                .follow(Command::new("sh").args(["-c", "exit 101"]))
                .is_err()
        );
        assert_eq!(count.to_string(), "0 passed, 1 failed");
        assert!(Count::default().follow(&mut Command::new("true")).is_err());
    }
}
