use clap::Subcommand;

use crate::config::Sources;
use crate::output::say;

#[derive(Subcommand)]
pub(super) enum Config {
    /// Prints every setting. Example: memberpass-telegram config show --json
    Show {
        /// For machines.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(config: &Config, sources: &Sources) -> anyhow::Result<()> {
    let Config::Show { json } = config;
    let lines = sources.show();
    if *json {
        say(serde_json::to_string_pretty(&lines)?)?;
        return Ok(());
    }
    for line in lines {
        let value = line.value.as_deref().unwrap_or("-");
        say(format_args!("{:<18} {value}  ({})", line.key, line.from))?;
    }
    Ok(())
}
