//! How records change. A write once begun is ended even when whoever asked goes away, and the live map changes before
//! they get their answer: a commit that the map does not know would let a disconnected bot go on.

use std::pin::Pin;
use std::sync::Arc;

use diesel::prelude::*;
use ids::ConnectionId;
use store::Connection as Link;

use crate::connection::Connection;
use crate::directory::{Directory, Inner};
use crate::error::{Error, Result};
use crate::row::Row;
use crate::schema::connections;
use crate::status::Status;

/// What is written in the transaction of a record's change, after the record: all of it is there afterwards, or none.
///
/// It may be run more than once, and what it fails with is what the write fails with ([`Error::Store`]). It must not wait for anything
/// but the database.
pub type Rider = Arc<dyn for<'a> Fn(&'a mut Link) -> RiderFuture<'a> + Send + Sync>;

/// What a [`Rider`] is about to write.
pub type RiderFuture<'a> = Pin<Box<dyn Future<Output = store::Result<()>> + Send + 'a>>;

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Update {
    /// The record is written, and the copy has its new version and time of change.
    Updated,
    /// Somebody else has written the record since the copy was read, or it is not there. Nothing has changed.
    Stale,
}

impl Directory {
    /// Adds a record.
    ///
    /// # Errors
    /// [`Error::BotTaken`] and [`Error::ProjectTaken`] when another connection that is not disconnected has the bot or the
    /// project; [`Error::Store`], [`Error::Interrupted`].
    pub async fn connection_insert(&self, connection: &Connection) -> Result<()> {
        // An insert is never stale, so there is nothing to answer.
        self.write(vec![Change::Insert(connection.clone())], None)
            .await
            .map(drop)
    }

    /// Writes a changed record, if it has not been written since the copy was read.
    ///
    /// # Errors
    /// As [`Self::connection_insert`]: the bot or the project may be taken when a disconnected record comes back.
    pub async fn connection_update(&self, connection: &mut Connection) -> Result<Update> {
        self.connection_update_with(connection, None).await
    }

    /// The same, and what rides in its transaction.
    ///
    /// # Errors
    /// As [`Self::connection_update`]; [`Error::Store`] when the rider fails.
    pub async fn connection_update_with(
        &self,
        connection: &mut Connection,
        rider: Option<Rider>,
    ) -> Result<Update> {
        let after = self.next(connection);
        let changes = vec![Change::Update(after.clone())];
        let update = self.write(changes, rider).await?;
        if update == Update::Updated {
            *connection = after;
        }
        Ok(update)
    }

    /// Writes a changed record and adds another, both or neither: how one bot takes the place of another in a project.
    ///
    /// # Errors
    /// As [`Self::connection_insert`].
    pub async fn connection_replace(
        &self,
        connection: &mut Connection,
        by: &Connection,
    ) -> Result<Update> {
        self.connection_replace_with(connection, by, None).await
    }

    /// The same, and what rides in its transaction.
    ///
    /// # Errors
    /// As [`Self::connection_replace`]; [`Error::Store`] when the rider fails.
    pub async fn connection_replace_with(
        &self,
        connection: &mut Connection,
        by: &Connection,
        rider: Option<Rider>,
    ) -> Result<Update> {
        let after = self.next(connection);
        let changes = vec![Change::Update(after.clone()), Change::Insert(by.clone())];
        let update = self.write(changes, rider).await?;
        if update == Update::Updated {
            *connection = after;
        }
        Ok(update)
    }

    fn next(&self, connection: &Connection) -> Connection {
        Connection {
            version: connection.version + 1,
            updated_at: self.0.clock.now(),
            ..connection.clone()
        }
    }

    async fn write(&self, changes: Vec<Change>, rider: Option<Rider>) -> Result<Update> {
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move { inner.apply(&changes, rider).await })
            .await
            .map_err(|_| Error::Interrupted)?
    }
}

enum Change {
    Insert(Connection),
    /// The record as it shall be, one version after the one it replaces.
    Update(Connection),
}

enum Failure {
    Stale,
    Store(store::Error),
}

impl Inner {
    async fn apply(&self, changes: &[Change], rider: Option<Rider>) -> Result<Update> {
        let mut link = self.database.connect().await?;
        let applied = link
            .transaction(async |link| {
                for change in changes {
                    change.apply(link).await?;
                }
                if let Some(rider) = rider {
                    rider(link).await?;
                }
                Ok(())
            })
            .await;
        let Err(failure) = applied else {
            for change in changes {
                self.live.put_written(change.record());
            }
            return Ok(Update::Updated);
        };
        // Whether a commit was done whose answer was lost, or who else wrote, the next look-up will tell.
        for change in changes {
            self.live.forget(&change.record().id);
        }
        match failure {
            Failure::Stale => Ok(Update::Stale),
            Failure::Store(error @ store::Error::Conflict(_)) => {
                Err(taken(&mut link, changes).await?.unwrap_or(error.into()))
            }
            Failure::Store(error) => Err(error.into()),
        }
    }
}

impl Change {
    fn record(&self) -> &Connection {
        match self {
            Self::Insert(record) | Self::Update(record) => record,
        }
    }

    async fn apply(&self, link: &mut Link) -> Result<(), Failure> {
        let row = Row::from(self.record());
        let touched = match self {
            Self::Insert(_) => {
                let insert = diesel::insert_into(connections::table).values(row);
                link.run(insert).await?
            }
            Self::Update(record) => {
                let held = connections::table
                    .find(record.id.clone())
                    .filter(connections::version.eq(record.version - 1));
                link.run(diesel::update(held).set(row)).await?
            }
        };
        if touched == 1 {
            Ok(())
        } else {
            Err(Failure::Stale)
        }
    }
}

/// Which of the two unique indexes was in the way, asked of the rows and not of the error's text.
async fn taken(link: &mut Link, changes: &[Change]) -> Result<Option<Error>> {
    let changed: Vec<_> = changes
        .iter()
        .map(|change| change.record().id.clone())
        .collect();
    let holding = changes
        .iter()
        .map(Change::record)
        .filter(|record| record.status != Status::Disconnected);
    for record in holding {
        let others = connections::table
            .filter(connections::status.ne(Status::Disconnected))
            .filter(connections::id.ne_all(changed.clone()))
            .select(connections::id);
        let of_bot = others
            .clone()
            .filter(connections::telegram_bot_id.eq(record.telegram_bot_id));
        let of_project = others.filter(connections::project_id.eq(record.project.clone()));
        let holder: Option<ConnectionId> = link.fetch_optional(of_bot).await?;
        if holder.is_some() {
            return Ok(Some(Error::BotTaken));
        }
        let holder: Option<ConnectionId> = link.fetch_optional(of_project).await?;
        if holder.is_some() {
            return Ok(Some(Error::ProjectTaken));
        }
    }
    Ok(None)
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}
