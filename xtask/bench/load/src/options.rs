//! What one may say on the command line.

use std::path::PathBuf;

/// Measures the webhook path: pinned to cores, in alternating slices of one run.
#[derive(Clone, Debug, clap::Parser)]
#[command(
    name = "cargo xtask bench webhook",
    override_usage = "cargo xtask bench webhook [OPTIONS]"
)]
pub(crate) struct Options {
    /// Shorter and fewer slices: a first look in a minute or two.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Only these figures; all when nothing is said.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<Figure>,
    /// The length of a slice.
    #[arg(long)]
    seconds: Option<f64>,
    /// Slices of each subject.
    #[arg(long)]
    rounds: Option<usize>,
    /// For saturation: over how many connections.
    #[arg(long, value_delimiter = ',', default_values_t = [64, 256])]
    pub(crate) connections: Vec<usize>,
    /// For saturation: compare with these receivers besides bare hyper; `none` for none.
    #[arg(long, value_delimiter = ',', default_value = "frankenstein,teloxide")]
    pub(crate) against: Vec<String>,
    /// The server to measure, instead of the one of this workspace.
    #[arg(long)]
    pub(crate) server: PathBuf,
    /// Writes the tables between their marks in this document.
    #[arg(long)]
    pub(crate) write: Option<PathBuf>,
    /// Where the programs to compare with are.
    #[arg(long, hide = true)]
    pub(crate) receivers: PathBuf,
    /// A folder that is removed afterwards.
    #[arg(long, hide = true)]
    pub(crate) scratch: PathBuf,
    /// The library that makes a disk slow.
    #[arg(long, hide = true)]
    pub(crate) slow_disk: Option<PathBuf>,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Figure {
    /// CPU for each update at saturation, beside others.
    #[value(alias = "a")]
    Saturation,
    /// Few connections, a steady pace, a slow disk.
    #[value(alias = "b")]
    Pace,
    /// Many bots, one lane, many lanes.
    #[value(alias = "c")]
    Shape,
    /// Time to the acknowledgement and to the reply.
    #[value(alias = "d")]
    Latency,
    /// The same beside bots that flood, hang and fail.
    #[value(alias = "h")]
    Neighbors,
    /// What a forged request costs, and leaves.
    #[value(alias = "e")]
    Refusals,
    /// Idle, with many bots, after many lanes.
    #[value(alias = "f")]
    Memory,
    /// A start with much to do.
    #[value(alias = "g")]
    Recovery,
}

impl Options {
    pub(crate) fn wants(&self, figure: Figure) -> bool {
        self.only.is_empty() || self.only.contains(&figure)
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.seconds.unwrap_or(if self.quick { 1.0 } else { 2.0 })
    }

    pub(crate) fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 3 } else { 7 })
    }
}
