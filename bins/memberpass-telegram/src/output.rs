//! What the commands say to whoever typed them.

use std::io::Write as _;

/// Tells on standard error why the command failed, with its causes.
pub(crate) fn complain(error: &anyhow::Error) {
    // Nobody is left to be told when standard error is closed.
    let _ = writeln!(std::io::stderr(), "memberpass-telegram: {error:#}");
}

/// Writes one line to standard output.
pub(crate) fn say(line: impl std::fmt::Display) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{line}")
}

/// Tells on standard error how far a long command is.
pub(crate) fn progress(line: impl std::fmt::Display) {
    // A command goes on when nobody watches.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Writes what a machine reads.
pub(crate) fn say_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    Ok(say(serde_json::to_string_pretty(value)?)?)
}
