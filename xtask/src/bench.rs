//! `cargo xtask bench`: figures worth watching.

mod build;
mod webhook;

use anyhow::Result;

/// What to measure.
#[derive(clap::Subcommand)]
pub(crate) enum Bench {
    /// The cost of a cold debug build: of the workspace, and of the generated Bot API beside a comparable crate.
    Build,
    /// What the webhook path costs, beside other receivers: CPU, latency, memory, recovery.
    Webhook(webhook::Options),
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Build => build::run(),
        Bench::Webhook(options) => webhook::run(options),
    }
}
