//! What connections' latest registrations told Telegram, and which of them would tell it otherwise today.

use diesel::dsl::count_star;
use diesel::prelude::*;
use ids::{ConnectionId, KeyId};
use store::Columns as _;

use crate::connection::Connection;
use crate::directory::{Directory, undamaged};
use crate::error::Result;
use crate::row::{self, Row};
use crate::schema::connections;
use crate::status::Status;

/// What a registration told Telegram, and the master key that its path and secret follow from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Registered {
    /// [`Connection::registered_base_url`].
    pub base_url: Option<String>,
    /// The master key.
    pub key_id: KeyId,
    /// [`Connection::registered_kinds`].
    pub kinds: Option<String>,
    /// [`Connection::registered_max_connections`].
    pub max_connections: Option<u8>,
}

impl Directory {
    /// How many active connections, with no change under way, have told Telegram what: each combination that there is, with its number.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn registrations_count(&self) -> Result<Vec<(Registered, u64)>> {
        let columns = (
            connections::registered_base_url,
            connections::key_id,
            connections::registered_kinds,
            connections::registered_max_connections,
        );
        let counted = connections::table
            .filter(connections::status.eq(Status::Active))
            .filter(connections::operation.is_null())
            .group_by(columns)
            .select((columns, count_star()));
        let counted: Vec<(Told, i64)> = self.0.database.connect().await?.fetch(counted).await?;
        let read = |((base_url, key_id, kinds, most), count): (Told, i64)| {
            let max_connections = row::max_connections(most);
            let registered = Registered {
                base_url,
                key_id,
                kinds,
                max_connections,
            };
            (registered, count.unsigned_abs())
        };
        Ok(counted.into_iter().map(read).collect())
    }

    /// A page of the active connections, with no change under way, whose latest registration is not as wanted in every respect: at
    /// most `limit` of those after `after`, in order of their ids; and after which to go on, if there are more.
    ///
    /// Damaged records are left out, and each is logged.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn connections_registered_otherwise(
        &self,
        wanted: &Registered,
        after: Option<&ConnectionId>,
        limit: u32,
    ) -> Result<(Vec<Connection>, Option<ConnectionId>)> {
        let after = after.map_or("", ConnectionId::as_str).to_owned();
        let wanted = wanted.clone();
        // What is not known is never as wanted.
        let base_url = connections::registered_base_url
            .is_null()
            .or(connections::registered_base_url.ne(wanted.base_url));
        let kinds = connections::registered_kinds
            .is_null()
            .or(connections::registered_kinds.ne(wanted.kinds));
        let most = wanted.max_connections.map(i64::from);
        let most = connections::registered_max_connections
            .is_null()
            .or(connections::registered_max_connections.ne(most));
        let key = connections::key_id.ne(wanted.key_id);
        let page = connections::table
            .filter(connections::id.gt(after))
            .filter(connections::status.eq(Status::Active))
            .filter(connections::operation.is_null())
            .filter(base_url.or(kinds).or(most).or(key))
            .order(connections::id)
            .limit(i64::from(limit))
            .select(Row::columns());
        let rows = self.rows(page).await?;
        let last = rows.last().map(|row| row.id.clone());
        let more = last.filter(|_| rows.len() == limit as usize);
        Ok((undamaged(rows).collect(), more))
    }
}

/// In the order of the columns that are asked for.
type Told = (Option<String>, KeyId, Option<String>, Option<i64>);
