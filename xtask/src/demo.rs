//! `cargo xtask demo`.

use anyhow::{Result, bail};

/// What `cargo xtask demo` is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Runs the story once, verifies every step, and leaves nothing running.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.check {
        check()
    } else {
        bail!("not written yet")
    }
}

pub(crate) fn check() -> Result<()> {
    bail!("not written yet")
}
