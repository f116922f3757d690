use std::path::Path;

use diesel::SqliteConnection;
use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};
use diesel::query_dsl::methods::{ExecuteDsl as ExecuteNow, LoadQuery as LoadNow};
use diesel::sql_types::Integer;
use diesel_async::methods::ExecuteDsl;
use diesel_async::{AsyncConnection, RunQueryDsl, TransactionManager as _};
use tokio::runtime::Handle;

use crate::backend::Postgres;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::patience::Patience;
use crate::query::{Batch, Fetch, Statement};
use crate::url::Place;
use crate::{postgres, sqlite};

/// A connection that one thread owns and that blocks it: for a path on which a commit must not be cancelled half way.
///
/// Not for a thread of the runtime. After an error that ends a transaction, or [`Error::Connect`], drop it and make another.
pub struct WriterConnection(Link);

enum Link {
    Postgres {
        link: Box<Postgres>,
        handle: Handle,
        patience: Patience,
    },
    Sqlite(Box<SqliteConnection>),
}

/// How much of SQLite's write-ahead log waits to be moved into the database file, in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wal {
    /// Pages in the log.
    pub frames: u32,
    /// Pages of these that are in the database file already.
    pub moved: u32,
}

impl Database {
    /// A connection for the calling thread, which blocks; on Postgres it is driven by the runtime of `handle`.
    ///
    /// On SQLite it never moves the write-ahead log by itself: see [`WriterConnection::checkpoint`].
    ///
    /// # Errors
    /// [`Error::Connect`].
    pub fn writer(&self, handle: &Handle) -> Result<WriterConnection> {
        let link = match &self.url().0 {
            Place::Postgres(url) => Link::Postgres {
                link: handle.block_on(postgres::establish(url)).map(Box::new)?,
                handle: handle.clone(),
                patience: postgres::patience(url),
            },
            Place::Sqlite(path) => Link::Sqlite(Box::new(open_sqlite(path)?)),
        };
        Ok(WriterConnection(link))
    }
}

impl WriterConnection {
    /// All rows that a query answers.
    ///
    /// # Errors
    /// As [`Connection::fetch`](crate::Connection::fetch).
    pub fn fetch<'q, Row, Q>(&mut self, query: Q) -> Result<Vec<Row>>
    where
        Row: Send + 'static,
        Q: Fetch<'q, Row>,
    {
        Ok(match &mut self.0 {
            Link::Postgres {
                link,
                handle,
                patience,
            } => handle.block_on(patience.wait(RunQueryDsl::load(query, &mut **link)))?,
            Link::Sqlite(link) => LoadNow::internal_load(query, link).and_then(Iterator::collect),
        }?)
    }

    /// The first row that a query answers, if it answers one.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn fetch_optional<'q, Row, Q>(&mut self, query: Q) -> Result<Option<Row>>
    where
        Row: Send + 'static,
        Q: Fetch<'q, Row>,
    {
        Ok(self.fetch(query)?.into_iter().next())
    }

    /// Runs a statement and answers how many rows it touched.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn run<Q: Statement>(&mut self, statement: Q) -> Result<usize> {
        Ok(match &mut self.0 {
            Link::Postgres {
                link,
                handle,
                patience,
            } => handle
                .block_on(patience.wait(<Q as ExecuteDsl<Postgres>>::execute(statement, link)))?,
            Link::Sqlite(link) => ExecuteNow::execute(statement, link),
        }?)
    }

    /// Runs a many-row insert and answers how many rows it added.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch). The limits are those of [`Connection::run_batch`](crate::Connection::run_batch).
    pub fn run_batch<Q: Batch>(&mut self, statement: Q) -> Result<usize> {
        Ok(match &mut self.0 {
            Link::Postgres {
                link,
                handle,
                patience,
            } => handle
                .block_on(patience.wait(<Q as ExecuteDsl<Postgres>>::execute(statement, link)))?,
            Link::Sqlite(link) => ExecuteNow::execute(statement, link),
        }?)
    }

    /// Runs `work` so that all of it happens or none of it does; when this answers `Ok`, it is on disk.
    ///
    /// # Errors
    /// What `work` answers, and what begins or ends a transaction. After an error nothing of it happened, except that a commit
    /// whose answer was lost on the way from Postgres may have.
    pub fn transaction<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<Error>,
    {
        self.begin()?;
        match work(&mut *self) {
            Ok(value) => {
                self.commit()?;
                Ok(value)
            }
            Err(error) => {
                // What failed first is what the caller wants to hear.
                let _ = self.roll_back();
                Err(error)
            }
        }
    }

    /// How long SQLite's write-ahead log is; nothing on Postgres.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn wal(&mut self) -> Result<Option<Wal>> {
        self.wal_pragma("PRAGMA wal_checkpoint(NOOP)")
    }

    /// Moves what SQLite's write-ahead log holds into the database file, as far as readers let it; nothing on Postgres.
    ///
    /// It costs time in proportion to the log: call it when nobody waits for an acknowledgement.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn checkpoint(&mut self) -> Result<Option<Wal>> {
        #[cfg(feature = "failpoints")]
        if sqlite::is_careless() {
            return Ok(None);
        }
        #[cfg(feature = "failpoints")]
        fail::fail_point!("store-before-checkpoint", |_| std::process::abort());
        let wal = self.wal_pragma("PRAGMA wal_checkpoint(PASSIVE)");
        #[cfg(feature = "failpoints")]
        fail::fail_point!("store-after-checkpoint", |_| std::process::abort());
        wal
    }

    fn wal_pragma(&mut self, pragma: &str) -> Result<Option<Wal>> {
        let Link::Sqlite(link) = &mut self.0 else {
            return Ok(None);
        };
        let state: WalState =
            diesel::RunQueryDsl::get_result(diesel::sql_query(pragma), &mut **link)?;
        // Minus one stands for a database that has no log yet.
        let pages = |count| u32::try_from(count).unwrap_or(0);
        Ok(Some(Wal {
            frames: pages(state.log),
            moved: pages(state.checkpointed),
        }))
    }

    fn begin(&mut self) -> Result<()> {
        Ok(match &mut self.0 {
            Link::Postgres {
                link,
                handle,
                patience,
            } => handle
                .block_on(patience.wait(PostgresTransactions::begin_transaction(&mut **link)))?,
            // At once, so that a transaction that reads and then writes cannot fail half way.
            Link::Sqlite(link) => {
                AnsiTransactionManager::begin_transaction_sql(&mut **link, "BEGIN IMMEDIATE")
            }
        }?)
    }

    fn commit(&mut self) -> Result<()> {
        Ok(match &mut self.0 {
            Link::Postgres {
                link,
                handle,
                patience,
            } => handle
                .block_on(patience.wait(PostgresTransactions::commit_transaction(&mut **link)))?,
            Link::Sqlite(link) => AnsiTransactionManager::commit_transaction(&mut **link),
        }?)
    }

    fn roll_back(&mut self) -> Result<()> {
        Ok(match &mut self.0 {
            Link::Postgres {
                link,
                handle,
                patience,
            } => handle
                .block_on(patience.wait(PostgresTransactions::rollback_transaction(&mut **link)))?,
            Link::Sqlite(link) => AnsiTransactionManager::rollback_transaction(&mut **link),
        }?)
    }
}

impl std::fmt::Debug for WriterConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.0 {
            Link::Postgres { .. } => "WriterConnection(postgres)",
            Link::Sqlite(_) => "WriterConnection(sqlite)",
        })
    }
}

type PostgresTransactions = <Postgres as AsyncConnection>::TransactionManager;

/// What `PRAGMA wal_checkpoint` answers.
#[derive(diesel::QueryableByName)]
struct WalState {
    #[diesel(sql_type = Integer)]
    log: i32,
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

fn open_sqlite(path: &Path) -> Result<SqliteConnection> {
    let mut link = sqlite::establish(path).map_err(|error| Error::Connect(error.into()))?;
    link.batch_execute("PRAGMA wal_autocheckpoint = 0;")?;
    Ok(link)
}
