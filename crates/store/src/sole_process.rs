use std::fs::{File, TryLockError};

use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl as _;

use crate::backend::Postgres;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::patience::Patience;
use crate::url::Place;
use crate::{postgres, sqlite};

/// Proof that this process alone serves a database. Dropping it lets another one start.
#[must_use = "dropping it lets another process start"]
pub struct SoleProcess(Hold);

enum Hold {
    File(#[expect(dead_code, reason = "held, not read: its lock ends when it is closed")] File),
    Session {
        link: Box<Postgres>,
        patience: Patience,
    },
}

impl Database {
    /// Claims this database for this process, or refuses when another has it.
    ///
    /// On SQLite it is a lock on a file beside the database, which the operating system lets go when the process ends; on Postgres
    /// an advisory lock that ends with the session, one for each Postgres schema.
    ///
    /// # Errors
    /// [`Error::Taken`] when another process has it; [`Error::Connect`].
    pub async fn sole_process(&self) -> Result<SoleProcess> {
        match &self.url().0 {
            Place::Postgres(url) => {
                let mut link = postgres::establish(url).await?;
                let mut patience = postgres::patience(url);
                let claim = diesel::select(diesel::dsl::sql::<Bool>(CLAIM));
                let taken: bool = patience.wait(claim.get_result(&mut link)).await??;
                if taken {
                    let link = Box::new(link);
                    Ok(SoleProcess(Hold::Session { link, patience }))
                } else {
                    Err(Error::Taken)
                }
            }
            Place::Sqlite(path) => {
                let path = sqlite::beside(path, ".lock");
                let file = sqlite::open_private(&path).map_err(Error::file(&path))?;
                match file.try_lock() {
                    Ok(()) => Ok(SoleProcess(Hold::File(file))),
                    Err(TryLockError::WouldBlock) => Err(Error::Taken),
                    Err(TryLockError::Error(error)) => Err(Error::file(&path)(error)),
                }
            }
        }
    }
}

impl SoleProcess {
    /// Checks that the claim still stands: a Postgres session can be cut, and then another process may start.
    ///
    /// # Errors
    /// [`Error::Connect`] or [`Error::Query`] when the session is gone: stop, or claim anew.
    pub async fn check(&mut self) -> Result<()> {
        match &mut self.0 {
            Hold::File(_) => Ok(()),
            Hold::Session { link, patience } => {
                let sign = diesel::select(diesel::dsl::sql::<Bool>("TRUE"));
                patience.wait(sign.get_result::<bool>(link)).await??;
                Ok(())
            }
        }
    }
}

impl std::fmt::Debug for SoleProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SoleProcess")
    }
}

/// The number is arbitrary, nobody else's, and not that of the lock around migrations.
const CLAIM: &str = "pg_try_advisory_lock(1297118312, hashtext(current_schema()))";
