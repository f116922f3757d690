use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::bb8::{Pool, RunError};

use crate::backend::{Postgres, Sqlite};
use crate::connection::{Connection, Link, Pooled};
use crate::error::{Error, Result};
use crate::patience::Patience;
use crate::url::{DatabaseUrl, Place};
use crate::{postgres, sqlite};

/// The pool of connections to one database. Cheap to clone.
///
/// bb8 and not deadpool: bb8 looks at a connection when it comes back, so one that was dropped inside a transaction is closed at
/// once instead of holding SQLite's write lock from the idle list.
#[derive(Clone)]
pub struct Database {
    url: Arc<DatabaseUrl>,
    pool: Pools,
    /// Fresh, for each connection to Postgres.
    patience: Patience,
}

#[derive(Clone)]
enum Pools {
    Postgres(Pool<Postgres>),
    Sqlite(Pool<Sqlite>),
}

impl Database {
    /// Opens the database with a pool of at most `size` connections; a SQLite file that is not there is made, mode 0600.
    ///
    /// Needs tokio's multi-threaded runtime, as everything here does.
    ///
    /// # Errors
    /// [`Error::Connect`] when it cannot be reached; [`Error::Folder`] and [`Error::NotOurs`] for a SQLite file.
    pub async fn open(url: &DatabaseUrl, size: u32) -> Result<Self> {
        let pool = match &url.0 {
            Place::Postgres(url) => Pools::Postgres(open_postgres(url, size).await?),
            Place::Sqlite(path) => Pools::Sqlite(open_sqlite(path, size).await?),
        };
        let patience = match &url.0 {
            Place::Postgres(url) => postgres::patience(url),
            Place::Sqlite(_) => Patience::new(PATIENCE),
        };
        let database = Self {
            url: Arc::new(url.clone()),
            pool,
            patience,
        };
        // One connection now: a wrong password should not wait for the first request to show.
        database.connect().await?;
        Ok(database)
    }

    /// Where this database is.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Takes a connection from the pool, waiting at most 10 s for one to be free.
    ///
    /// # Errors
    /// [`Error::Connect`].
    pub async fn connect(&self) -> Result<Connection> {
        Ok(Connection(match &self.pool {
            Pools::Postgres(pool) => {
                let link = pool.get_owned().await.map_err(unconnected)?;
                let patience = self.patience.clone();
                Link::Postgres(Box::new(Pooled { link, patience }))
            }
            Pools::Sqlite(pool) => Link::Sqlite(pool.get_owned().await.map_err(unconnected)?),
        }))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.url).finish()
    }
}

async fn open_postgres(url: &str, size: u32) -> Result<Pool<Postgres>> {
    // Outside the pool first: the pool would keep trying and then say only that the time was up.
    postgres::establish(url).await?;
    let manager = AsyncDieselConnectionManager::new_with_config(url, postgres::pool_config());
    Pool::builder()
        .max_size(size)
        .connection_timeout(PATIENCE)
        .build(manager)
        .await
        .map_err(|error| Error::Connect(error.into()))
}

async fn open_sqlite(path: &Path, size: u32) -> Result<Pool<Sqlite>> {
    let file = path.to_owned();
    tokio::task::spawn_blocking(move || sqlite::prepare(&file))
        .await
        .map_err(|error| Error::Connect(error.into()))??;
    let path = path.to_str().ok_or(Error::Url)?;
    let manager = AsyncDieselConnectionManager::new_with_config(path, sqlite::pool_config());
    Pool::builder()
        .max_size(size)
        .connection_timeout(PATIENCE)
        .build(manager)
        .await
        .map_err(|error| Error::Connect(error.into()))
}

fn unconnected(error: RunError) -> Error {
    Error::Connect(error.into())
}

const PATIENCE: Duration = Duration::from_secs(10);
