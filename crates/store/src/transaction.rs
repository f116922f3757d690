use diesel::connection::AnsiTransactionManager;
use diesel_async::{AsyncConnection, TransactionManager as _};

use crate::backend::{Postgres, Sqlite};
use crate::connection::{Connection, Link, Pooled};
use crate::error::{Error, Result};

impl Connection {
    /// Runs `work` so that all of it happens or none of it does.
    ///
    /// On SQLite the write lock is taken at once (`BEGIN IMMEDIATE`), so that a transaction that reads and then writes cannot
    /// fail half way. When the future is dropped, the transaction is undone and its connection closed. Never call the network
    /// inside.
    ///
    /// # Errors
    /// What `work` answers, and what begins or ends a transaction: as [`fetch`](Self::fetch).
    pub async fn transaction<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Self) -> Result<T, E>,
        E: From<Error>,
    {
        self.begin().await?;
        match work(&mut *self).await {
            Ok(value) => {
                self.commit().await?;
                Ok(value)
            }
            Err(error) => {
                // What failed first is what the caller wants to hear; the pool closes a connection that cannot roll back.
                let _ = self.roll_back().await;
                Err(error)
            }
        }
    }

    async fn begin(&mut self) -> Result<()> {
        Ok(match &mut self.0 {
            Link::Postgres(pooled) => {
                let Pooled { link, patience } = &mut **pooled;
                let work = PostgresTransactions::begin_transaction(&mut **link);
                patience.wait(work).await?
            }
            Link::Sqlite(link) => {
                link.spawn_blocking(|sqlite| {
                    AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")
                })
                .await
            }
        }?)
    }

    async fn commit(&mut self) -> Result<()> {
        Ok(match &mut self.0 {
            Link::Postgres(pooled) => {
                let Pooled { link, patience } = &mut **pooled;
                let work = PostgresTransactions::commit_transaction(&mut **link);
                patience.wait(work).await?
            }
            Link::Sqlite(link) => {
                <Sqlite as AsyncConnection>::TransactionManager::commit_transaction(&mut **link)
                    .await
            }
        }?)
    }

    async fn roll_back(&mut self) -> Result<()> {
        Ok(match &mut self.0 {
            Link::Postgres(pooled) => {
                let Pooled { link, patience } = &mut **pooled;
                let work = PostgresTransactions::rollback_transaction(&mut **link);
                patience.wait(work).await?
            }
            Link::Sqlite(link) => {
                <Sqlite as AsyncConnection>::TransactionManager::rollback_transaction(&mut **link)
                    .await
            }
        }?)
    }
}

type PostgresTransactions = <Postgres as AsyncConnection>::TransactionManager;
