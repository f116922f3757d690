//! `cargo xtask bench`: figures worth watching.

mod build;

use anyhow::Result;

/// What to measure.
#[derive(clap::Subcommand)]
pub(crate) enum Bench {
    /// The cost of a cold debug build: of the workspace, and of the generated Bot API beside a comparable crate.
    Build,
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Build => build::run(),
    }
}
