use std::sync::Arc;

use clock::Clock;
use diesel::prelude::*;
use ids::{ConnectionId, ProjectId, TelegramBotId};
use store::{Columns as _, Database, Fetch};
use token_vault::SealedToken;

use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::live::LiveConnection;
use crate::live_map::LiveMap;
use crate::row::Row;
use crate::schema::connections;
use crate::status::Status;
use crate::tokens::Tokens;

/// The records of all connections, and the live map. Cheap to clone; clones share the map.
///
/// One process writes a database at a time: the map hears of this process's writes and of no other's.
#[derive(Clone)]
pub struct Directory(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) live: LiveMap,
    tokens: Tokens,
}

impl Directory {
    /// A directory over a migrated database, its map empty.
    #[must_use]
    pub fn open(database: Database, clock: Clock) -> Self {
        let live = LiveMap::default();
        Self(Arc::new(Inner {
            database,
            clock,
            live,
            tokens: Tokens::default(),
        }))
    }

    /// What the webhook path needs of a connection: from memory, or when it is asked for the first time by one look-up.
    ///
    /// None when there is no such connection. That is not remembered: only whoever has a genuine webhook path asks.
    ///
    /// # Errors
    /// As [`Self::connection_find`], for a look-up.
    pub async fn live(&self, id: &ConnectionId) -> Result<Option<Arc<LiveConnection>>> {
        let since = match self.0.live.get(id) {
            Ok(known) => return Ok(Some(known)),
            Err(since) => since,
        };
        let record = self.connection_find(id).await?;
        Ok(record.map(|record| self.0.live.put_found(&record, since)))
    }

    /// The same with the connection's token in use, if it has one: from memory, or by a look-up when none was made of late.
    ///
    /// # Errors
    /// As [`Self::connection_find`], for a look-up.
    pub async fn live_with_token(
        &self,
        id: &ConnectionId,
    ) -> Result<Option<(Arc<LiveConnection>, Option<Arc<SealedToken>>)>> {
        loop {
            let since = match self.0.live.get(id) {
                Ok(live) => match self.0.tokens.get(id, live.version) {
                    Some(sealed) => return Ok(Some((live, Some(sealed)))),
                    None => self.0.live.since(),
                },
                Err(since) => since,
            };
            let Some(mut record) = self.connection_find(id).await? else {
                return Ok(None);
            };
            let sealed = record.sealed_token.take().map(Arc::new);
            let live = self.0.live.put_found(&record, since);
            // A write that came in between has changed the map, and maybe the token.
            if live.version == record.version {
                if let Some(sealed) = &sealed {
                    self.0.tokens.put(id, live.version, sealed);
                }
                return Ok(Some((live, sealed)));
            }
        }
    }

    /// A connection's record.
    ///
    /// # Errors
    /// As every read here: [`Error::Store`](crate::Error::Store), [`Error::Damaged`](crate::Error::Damaged).
    pub async fn connection_find(&self, id: &ConnectionId) -> Result<Option<Connection>> {
        self.first(connections::table.find(id.clone()).select(Row::columns()))
            .await
    }

    /// The project's connection: the one that holds it, else the one that was disconnected last.
    ///
    /// # Errors
    /// As [`Self::connection_find`].
    pub async fn connection_of_project(&self, project: &ProjectId) -> Result<Option<Connection>> {
        let newest = connections::table
            .filter(connections::project_id.eq(project.clone()))
            .order((
                connections::status.eq(Status::Disconnected).asc(),
                connections::disconnected_at_us.desc(),
                connections::id.desc(),
            ))
            .limit(1)
            .select(Row::columns());
        self.first(newest).await
    }

    /// The connection that holds the bot, if one does. Disconnected ones do not.
    ///
    /// # Errors
    /// As [`Self::connection_find`].
    pub async fn connection_of_bot(&self, bot: TelegramBotId) -> Result<Option<Connection>> {
        let holder = connections::table
            .filter(connections::telegram_bot_id.eq(bot))
            .filter(connections::status.ne(Status::Disconnected))
            .select(Row::columns());
        self.first(holder).await
    }

    /// A page of all connections, in order of their ids: at most `limit` of those after `after`, fewer only when there are no more.
    ///
    /// Damaged records are left out, and each is logged.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn connections_list(
        &self,
        after: Option<&ConnectionId>,
        limit: u32,
    ) -> Result<Vec<Connection>> {
        let mut after = after.map_or("", ConnectionId::as_str).to_owned();
        let mut found = Vec::new();
        loop {
            let wanted = limit as usize - found.len();
            let page = connections::table
                .filter(connections::id.gt(after))
                .order(connections::id)
                .limit(wanted as i64)
                .select(Row::columns());
            let rows = self.rows(page).await?;
            let more = rows.len() == wanted;
            let last = rows.last().map(|row| row.id.as_str().to_owned());
            found.extend(undamaged(rows));
            match last {
                Some(last) if more && found.len() < limit as usize => after = last,
                _ => return Ok(found),
            }
        }
    }

    /// The connections with a change under way: after a start, those that a stop interrupted.
    ///
    /// Damaged records are left out, and each is logged: one must not hold up the others.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn connections_unfinished(&self) -> Result<Vec<Connection>> {
        let unfinished = connections::table
            .filter(connections::operation.is_not_null())
            .order(connections::id)
            .select(Row::columns());
        Ok(undamaged(self.rows(unfinished).await?).collect())
    }

    /// The ids of all disconnected connections: at a start, those whose updates stay parked.
    ///
    /// # Errors
    /// As [`Self::connection_find`].
    pub async fn connections_disconnected_ids(&self) -> Result<Vec<ConnectionId>> {
        let disconnected = connections::table
            .filter(connections::status.eq(Status::Disconnected))
            .order(connections::id)
            .select(connections::id);
        Ok(self.0.database.connect().await?.fetch(disconnected).await?)
    }

    async fn first<'q>(&self, query: impl Fetch<'q, Row>) -> Result<Option<Connection>> {
        let mut connection = self.0.database.connect().await?;
        let row = connection.fetch_optional(query).await?;
        row.map(Connection::try_from).transpose()
    }

    pub(crate) async fn rows<'q>(&self, query: impl Fetch<'q, Row>) -> Result<Vec<Row>> {
        Ok(self.0.database.connect().await?.fetch(query).await?)
    }
}

pub(crate) fn undamaged(rows: Vec<Row>) -> impl Iterator<Item = Connection> {
    let read = |row| {
        Connection::try_from(row)
            .inspect_err(|error| {
                if let Error::Damaged { connection, column } = error {
                    tracing::error!(%connection, column, "a damaged record is left out");
                }
            })
            .ok()
    };
    rows.into_iter().filter_map(read)
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Directory").field(&self.0.database).finish()
    }
}
