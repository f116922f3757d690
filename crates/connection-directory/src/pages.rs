//! Pages for whoever shows many connections at once.

use diesel::prelude::*;
use ids::ConnectionId;
use store::Columns as _;

use crate::connection::Connection;
use crate::directory::{Directory, undamaged};
use crate::error::Result;
use crate::row::Row;
use crate::schema::connections;
use crate::status::Status;

/// Some connections, in order of their ids.
#[derive(Clone, Debug)]
pub struct ConnectionsPage {
    /// Those that could be read.
    pub connections: Vec<Connection>,
    /// After which to go on; none when there are no more.
    pub next: Option<ConnectionId>,
}

impl Directory {
    /// A page of the connections, or of those with one status, in order of their ids: of at most `limit` after `after`. One question to
    /// the database.
    ///
    /// Damaged records are left out, and each is logged.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn connections_page(
        &self,
        status: Option<Status>,
        after: Option<&ConnectionId>,
        limit: u32,
    ) -> Result<ConnectionsPage> {
        let after = after.map_or("", ConnectionId::as_str).to_owned();
        let page = connections::table
            .filter(connections::id.gt(after))
            .order(connections::id)
            .limit(i64::from(limit))
            .select(Row::columns());
        let rows = match status {
            None => self.rows(page).await?,
            Some(status) => {
                self.rows(page.filter(connections::status.eq(status)))
                    .await?
            }
        };
        let last = rows.last().map(|row| row.id.clone());
        Ok(ConnectionsPage {
            next: last.filter(|_| rows.len() >= limit as usize),
            connections: undamaged(rows).collect(),
        })
    }

    /// The connections of these ids that there are, in order of their ids. One question to the database.
    ///
    /// Damaged records are left out, and each is logged.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn connections_of_ids(&self, ids: &[ConnectionId]) -> Result<Vec<Connection>> {
        let named = connections::table
            .filter(connections::id.eq_any(ids.to_vec()))
            .order(connections::id)
            .select(Row::columns());
        Ok(undamaged(self.rows(named).await?).collect())
    }
}
