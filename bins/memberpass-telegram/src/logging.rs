//! How the server logs: lines for people, or JSON for machines. docs/LOGGING.md says what is logged.

mod lines;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

pub(crate) use self::lines::Lines;
use crate::config::LogConfig;

/// The log of this process. Dropping it writes what waits.
pub(crate) struct Log(Arc<Lines>);

/// Starts logging to standard error.
///
/// # Errors
/// When the filter cannot be read, or no thread can be started.
pub(crate) fn start(config: &LogConfig) -> anyhow::Result<Log> {
    let filter = EnvFilter::try_new(&config.filter).with_context(|| {
        format!("`log-filter` is {:?}: it must be directives such as info or warn,webhook_ingress=debug", config.filter)
    })?;
    let lines = Lines::start(std::io::stderr(), |lost| {
        tracing::warn!(
            lost,
            "log lines were lost: nobody reads standard error fast enough"
        );
    })?;
    let format = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Arc::clone(&lines));
    if config.json {
        format.json().flatten_event(true).init();
    } else {
        format
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .init();
    }
    Ok(Log(lines))
}

impl Log {
    pub(crate) fn lines(&self) -> Arc<Lines> {
        Arc::clone(&self.0)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.0.flush(PATIENCE);
    }
}

/// For whoever reads the last lines; an end is not held up by one who does not.
const PATIENCE: Duration = Duration::from_secs(1);
