//! How the server logs: lines for people, or JSON for machines. docs/LOGGING.md says what is logged.

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

use crate::config::LogConfig;

/// Starts logging to standard error.
///
/// # Errors
/// When the filter cannot be read.
pub(crate) fn start(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter).with_context(|| {
        format!("`log-filter` is {:?}: it must be directives such as info or warn,webhook_ingress=debug", config.filter)
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if config.json {
        lines.json().flatten_event(true).init();
    } else {
        lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .init();
    }
    Ok(())
}
