use std::collections::BTreeSet;
use std::path::Path;

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource};
use diesel_async::{AsyncMigrationHarness, SimpleAsyncConnection as _};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::database::Database;
use crate::error::{Error, Result};
use crate::url::Place;
use crate::{postgres, sqlite};

/// A set of migrations: tables that live together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// Everything but the request log.
    Main,
    /// The request log: a SQLite file of its own, so that its volume delays nothing; on Postgres beside the others.
    Requests,
}

/// A migration, and whether the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationState {
    /// The name of its folder in `migrations/`.
    pub name: String,
    /// Whether it was applied.
    pub applied: bool,
}

impl Database {
    /// Applies every migration of a schema that this database has not seen, and answers their names.
    ///
    /// A lock is held meanwhile, so that processes may call this at once.
    ///
    /// # Errors
    /// [`Error::Migrate`]; [`Error::Newer`] and [`Error::NotOurs`], which leave the database as it was.
    pub async fn migrate(&self, schema: Schema) -> Result<Vec<String>> {
        self.with_harness(Task::Apply, schema).await
    }

    /// Undoes the last migration of a schema that was applied, and answers its name, if there was one. It drops tables.
    ///
    /// # Errors
    /// As [`migrate`](Self::migrate).
    pub async fn revert_last(&self, schema: Schema) -> Result<Option<String>> {
        Ok(self.with_harness(Task::RevertLast, schema).await?.pop())
    }

    /// Every migration of a schema, in order, and whether this database has it.
    ///
    /// # Errors
    /// As [`migrate`](Self::migrate).
    pub async fn migrations(&self, schema: Schema) -> Result<Vec<MigrationState>> {
        let pending = self.with_harness(Task::ListPending, schema).await?;
        let all = match &self.url().0 {
            Place::Postgres(_) => names::<diesel::pg::Pg>(&postgres_set(schema))?,
            Place::Sqlite(_) => names::<diesel::sqlite::Sqlite>(&sqlite_set(schema))?,
        };
        Ok(all
            .into_iter()
            .map(|name| MigrationState {
                applied: !pending.contains(&name),
                name,
            })
            .collect())
    }

    async fn with_harness(&self, task: Task, schema: Schema) -> Result<Vec<String>> {
        match self.url().0.clone() {
            Place::Postgres(url) => on_postgres(&url, task, schema).await,
            Place::Sqlite(path) => {
                tokio::task::spawn_blocking(move || on_sqlite(&path, task, schema))
                    .await
                    .map_err(|error| Error::Migrate(error.into()))?
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Task {
    Apply,
    ListPending,
    RevertLast,
}

async fn on_postgres(url: &str, task: Task, schema: Schema) -> Result<Vec<String>> {
    // A connection of its own: the lock is the session's, and ends with it whatever happens.
    let mut link = postgres::establish_unhurried(url).await?;
    link.batch_execute(LOCK).await?;
    tokio::task::spawn_blocking(move || {
        let mut harness = AsyncMigrationHarness::new(link);
        // Both schemas keep their books in one table, so what the other one applied is no surprise.
        let known = [postgres_set(Schema::Main), postgres_set(Schema::Requests)];
        refuse_unknown(&mut harness, &known)?;
        carry_out(&mut harness, task, &postgres_set(schema))
    })
    .await
    .map_err(|error| Error::Migrate(error.into()))?
}

fn on_sqlite(path: &Path, task: Task, schema: Schema) -> Result<Vec<String>> {
    let lock = sqlite::open_private(&sqlite::beside(path, ".migrating"))
        .map_err(|error| Error::Migrate(error.into()))?;
    lock.lock().map_err(|error| Error::Migrate(error.into()))?;
    let mut link = sqlite::establish(path).map_err(|error| Error::Connect(error.into()))?;
    let other = match schema {
        Schema::Main => Schema::Requests,
        Schema::Requests => Schema::Main,
    };
    if applied(&mut link)?
        .iter()
        .any(|version| versions(&sqlite_set(other)).contains(version))
    {
        return Err(Error::NotOurs {
            path: path.into(),
            why: "it holds the tables of another part",
        });
    }
    refuse_unknown(&mut link, &[sqlite_set(schema)])?;
    carry_out(&mut link, task, &sqlite_set(schema))
}

fn carry_out<DB: Backend>(
    harness: &mut impl MigrationHarness<DB>,
    task: Task,
    set: &EmbeddedMigrations,
) -> Result<Vec<String>> {
    let done = applied(harness)?;
    let mut wanted = in_order(set)?;
    match task {
        Task::Apply | Task::ListPending => wanted.retain(|one| !done.contains(&version(one))),
        Task::RevertLast => {
            wanted.retain(|one| done.contains(&version(one)));
            wanted.drain(..wanted.len().saturating_sub(1));
        }
    }
    for migration in &wanted {
        match task {
            Task::Apply => harness.run_migration(migration).map(drop),
            Task::ListPending => Ok(()),
            Task::RevertLast => harness.revert_migration(migration).map(drop),
        }
        .map_err(Error::Migrate)?;
    }
    Ok(wanted
        .iter()
        .map(|migration| migration.name().to_string())
        .collect())
}

fn refuse_unknown<DB: Backend>(
    harness: &mut impl MigrationHarness<DB>,
    known: &[EmbeddedMigrations],
) -> Result<()> {
    let known: BTreeSet<String> = known.iter().flat_map(versions).collect();
    match applied(harness)?
        .into_iter()
        .find(|version| !known.contains(version))
    {
        Some(version) => Err(Error::Newer { version }),
        None => Ok(()),
    }
}

fn applied<DB: Backend>(harness: &mut impl MigrationHarness<DB>) -> Result<BTreeSet<String>> {
    let versions = harness.applied_migrations().map_err(Error::Migrate)?;
    Ok(versions.iter().map(ToString::to_string).collect())
}

fn in_order<DB: Backend>(set: &EmbeddedMigrations) -> Result<Vec<Box<dyn Migration<DB>>>> {
    let mut all = MigrationSource::<DB>::migrations(set).map_err(Error::Migrate)?;
    all.sort_by_key(|migration| version(migration));
    Ok(all)
}

fn names<DB: Backend>(set: &EmbeddedMigrations) -> Result<Vec<String>> {
    Ok(in_order::<DB>(set)?
        .iter()
        .map(|migration| migration.name().to_string())
        .collect())
}

fn versions(set: &EmbeddedMigrations) -> Vec<String> {
    // A migration's version does not depend on the database; that embedded ones can be listed is certain.
    in_order::<diesel::sqlite::Sqlite>(set)
        .unwrap_or_default()
        .iter()
        .map(|one| version(one))
        .collect()
}

fn version<DB: Backend>(migration: &dyn Migration<DB>) -> String {
    migration.name().version().to_string()
}

fn postgres_set(schema: Schema) -> EmbeddedMigrations {
    match schema {
        Schema::Main => POSTGRES,
        Schema::Requests => POSTGRES_REQUESTS,
    }
}

fn sqlite_set(schema: Schema) -> EmbeddedMigrations {
    match schema {
        Schema::Main => SQLITE,
        Schema::Requests => SQLITE_REQUESTS,
    }
}

/// One lock for each Postgres schema that somebody keeps these tables in. The number is arbitrary, and nobody else's.
const LOCK: &str = "SELECT pg_advisory_lock(1297118311, hashtext(current_schema()))";

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const POSTGRES_REQUESTS: EmbeddedMigrations =
    embed_migrations!("../../migrations/postgres-requests");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const SQLITE_REQUESTS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite-requests");
