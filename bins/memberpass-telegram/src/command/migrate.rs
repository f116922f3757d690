use store::{Database, Schema};

use crate::config::Config;
use crate::first_start;
use crate::output::say;

/// Applies every pending migration of both schemas.
pub(super) async fn run(config: &Config) -> anyhow::Result<()> {
    if config.database.sqlite_file().is_some() {
        first_start::data_dir(&config.data_dir)?;
    }
    for (url, schema) in [
        (&config.database, Schema::Main),
        (&config.requests_database, Schema::Requests),
    ] {
        let applied = Database::open(url, 1).await?.migrate(schema).await?;
        for name in &applied {
            say(format_args!("applied {name}"))?;
        }
        if applied.is_empty() {
            let what = match schema {
                Schema::Main => "the main tables",
                Schema::Requests => "the request log's tables",
            };
            say(format_args!("{what} are up to date"))?;
        }
    }
    Ok(())
}
