use store::{Database, Schema};

use crate::config::Config;
use crate::first_start;
use crate::output::say;

/// Applies every pending migration of both schemas.
///
/// # Errors
/// On SQLite also while a server runs on the database: its tables would change under it, and it could not start again. On Postgres
/// whoever calls this knows what runs there.
pub(crate) async fn run(config: &Config) -> anyhow::Result<()> {
    if config.database.sqlite_file().is_some() {
        first_start::data_dir(&config.data_dir)?;
    }
    let mut claim = None;
    if config.database.sqlite_file().is_some() {
        let database = Database::open(&config.database, 1).await?;
        claim = Some(database.sole_process().await?);
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
    drop(claim);
    Ok(())
}
