//! What the server keeps on disk.

use clock::Clock;
use connection_directory::Directory;
use key_ring::KeyRing;
use request_log::{Observers, RequestLog};
use store::{Database, Schema, SoleProcess};
use update_inbox::{Inbox, InboxConfig};

use crate::config::Config;
use crate::first_start;

/// What the server keeps on disk: the database is ours alone, and was written with these keys.
pub(crate) struct Stores {
    pub(crate) database: Database,
    pub(crate) directory: Directory,
    pub(crate) inbox: Inbox,
    pub(crate) request_log: RequestLog,
    pub(crate) sole: SoleProcess,
}

impl Stores {
    pub(crate) async fn open(
        config: &Config,
        ring: &KeyRing,
        clock: &Clock,
        observers: Observers,
    ) -> anyhow::Result<Self> {
        let database = Database::open(&config.database, POOL).await?;
        // Before anything is migrated: the tables of a process that still serves must not change under it.
        let sole = database.sole_process().await?;
        first_start::not_instead_of_another(config, &database).await?;
        prepare(&database, Schema::Main).await?;
        let requests = Database::open(&config.requests_database, 2).await?;
        prepare(&requests, Schema::Requests).await?;
        let directory = Directory::open(database.clone(), clock.clone());
        directory.key_checks_verify(ring).await?;
        let logging = request_log::Config::default();
        let request_log =
            RequestLog::start_with(requests, logging, clock.clone(), observers).await?;
        let inbox = InboxConfig {
            keep_failed: config.keep_failed,
            ..InboxConfig::default()
        };
        let inbox = Inbox::start(inbox, database.clone(), clock.clone()).await?;
        Ok(Self {
            database,
            directory,
            inbox,
            request_log,
            sole,
        })
    }
}

/// Sees to a database's tables: SQLite's are made here, Postgres's by the operator.
async fn prepare(database: &Database, schema: Schema) -> anyhow::Result<()> {
    if database.url().sqlite_file().is_some() {
        for name in database.migrate(schema).await? {
            tracing::info!(migration = name, "applied a migration");
        }
    }
    let waiting = database
        .migrations(schema)
        .await?
        .into_iter()
        .find(|migration| !migration.applied);
    if let Some(migration) = waiting {
        anyhow::bail!(
            "the database lacks the migration {}: run `memberpass-telegram migrate` with the same --database-url",
            migration.name
        );
    }
    Ok(())
}

/// Connections for everything but the webhook path, which has its own.
pub(crate) const POOL: u32 = 8;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clock::Entropy;

    use crate::command::migrate;
    use crate::config::Sources;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_database_that_another_process_serves_is_not_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let flags = BTreeMap::from([("data-dir", folder.path().to_str().unwrap().to_owned())]);
        let sources = Sources::read(flags, std::iter::empty()).unwrap();
        let config = Config::from_sources(&sources).unwrap();
        let entropy = Entropy::system();
        let ring = first_start::key_ring(&config, &entropy).unwrap();

        let database = Database::open(&config.database, 1).await.unwrap();
        let claim = database.sole_process().await.unwrap();
        let untouched = async || {
            let migrations = database.migrations(Schema::Main).await.unwrap();
            migrations.iter().all(|migration| !migration.applied)
        };
        let refused = Stores::open(&config, &ring, &Clock::system(), Observers::none()).await;
        let refused = refused.err().unwrap();
        assert!(
            refused.downcast_ref::<store::Error>().is_some(),
            "{refused}"
        );
        assert!(untouched().await);
        assert!(migrate::run(&config).await.is_err());
        assert!(untouched().await);

        drop(claim);
        migrate::run(&config).await.unwrap();
        assert!(!untouched().await);
        // The command has let go of its claim.
        let opened = Stores::open(&config, &ring, &Clock::system(), Observers::none())
            .await
            .unwrap();
        opened.inbox.close().await;
        opened.request_log.close().await;
    }
}
