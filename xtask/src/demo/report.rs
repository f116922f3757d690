//! Tells the story as it happens.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::steps::shown;

/// Runs one step of the story and says what came of it.
pub(crate) fn step(name: &str, work: impl FnOnce() -> Result<String>) -> Result<()> {
    let began = Instant::now();
    match work() {
        Ok(told) => {
            println!("  ✓ {name:<18} {told} ({})", shown(began.elapsed()));
            Ok(())
        }
        Err(error) => {
            println!("  ✗ {name:<18} {error:#} ({})", shown(began.elapsed()));
            bail!("the story ended at `{name}`")
        }
    }
}
