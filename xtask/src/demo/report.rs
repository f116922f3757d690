//! Tells the story as it happens.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::steps::shown;

/// Runs one step of the story and says what came of it: in one line, and more below it where there is more to say.
pub(crate) fn step(name: &str, work: impl FnOnce() -> Result<String>) -> Result<()> {
    let began = Instant::now();
    match work() {
        Ok(told) => {
            let took = shown(began.elapsed());
            let (first, more) = told.split_once('\n').unwrap_or((&told, ""));
            println!("  ✓ {name:<19} {first} ({took})");
            for line in more.lines() {
                println!("    {:<19} {line}", "");
            }
            Ok(())
        }
        Err(error) => {
            println!("  ✗ {name:<19} {error:#} ({})", shown(began.elapsed()));
            bail!("the story ended at `{name}`")
        }
    }
}
