//! A record as the database holds it.

use clock::Timestamp;
use diesel::prelude::*;
use ids::{ConnectionId, Generation, KeyId, ProjectId, TelegramBotId, TokenVersion};
use token_vault::SealedToken;
use webhook_secret::Registration;

use crate::connection::{Connection, Previous};
use crate::error::{Error, Result};
use crate::schema::connections;
use crate::status::Status;

#[derive(AsChangeset, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = connections, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
#[diesel(treat_none_as_null = true)]
pub(crate) struct Row {
    pub(crate) id: ConnectionId,
    project_id: ProjectId,
    telegram_bot_id: TelegramBotId,
    username: Option<String>,
    name: Option<String>,
    status: Status,
    operation: Option<String>,
    step: String,
    sealed_token: Option<Vec<u8>>,
    // Stands in the sealed bytes too; as a column it can be counted.
    sealed_key_id: Option<KeyId>,
    token_version: TokenVersion,
    generation: Generation,
    key_id: KeyId,
    previous_generation: Option<Generation>,
    previous_key_id: Option<KeyId>,
    previous_until_us: Option<i64>,
    registered_base_url: Option<String>,
    registered_kinds: Option<String>,
    registered_max_connections: Option<i64>,
    version: i64,
    warning: Option<String>,
    created_at_us: i64,
    updated_at_us: i64,
    connected_at_us: Option<i64>,
    disconnected_at_us: Option<i64>,
}

impl From<&Connection> for Row {
    fn from(connection: &Connection) -> Self {
        let Connection {
            id,
            project,
            telegram_bot_id,
            username,
            name,
            status,
            operation,
            step,
            sealed_token,
            token_version,
            current,
            previous,
            registered_base_url,
            registered_kinds,
            registered_max_connections,
            warning,
            version,
            created_at,
            updated_at,
            connected_at,
            disconnected_at,
        } = connection.clone();
        let us = |time: Option<Timestamp>| time.map(Timestamp::unix_us);
        Self {
            id,
            project_id: project,
            telegram_bot_id,
            username,
            name,
            status,
            operation,
            step,
            sealed_key_id: sealed_token.as_ref().map(SealedToken::key_id),
            sealed_token: sealed_token.map(SealedToken::into_bytes),
            token_version,
            generation: current.generation,
            key_id: current.key_id,
            previous_generation: previous.map(|before| before.registration.generation),
            previous_key_id: previous.map(|before| before.registration.key_id),
            previous_until_us: us(previous.and_then(|before| before.accepted_until)),
            registered_base_url,
            registered_kinds,
            registered_max_connections: registered_max_connections.map(i64::from),
            version,
            warning,
            created_at_us: created_at.unix_us(),
            updated_at_us: updated_at.unix_us(),
            connected_at_us: us(connected_at),
            disconnected_at_us: us(disconnected_at),
        }
    }
}

impl TryFrom<Row> for Connection {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let time = |us: Option<i64>| us.map(Timestamp::from_unix_us);
        let previous = match (row.previous_generation, row.previous_key_id) {
            (Some(generation), Some(key_id)) => Some(Previous {
                registration: Registration { generation, key_id },
                accepted_until: time(row.previous_until_us),
            }),
            _ => None,
        };
        Ok(Self {
            sealed_token: sealed(&row.id, row.sealed_token, "sealed_token")?,
            id: row.id,
            project: row.project_id,
            telegram_bot_id: row.telegram_bot_id,
            username: row.username,
            name: row.name,
            status: row.status,
            operation: row.operation,
            step: row.step,
            token_version: row.token_version,
            current: Registration {
                generation: row.generation,
                key_id: row.key_id,
            },
            previous,
            registered_base_url: row.registered_base_url,
            registered_kinds: row.registered_kinds,
            registered_max_connections: max_connections(row.registered_max_connections),
            warning: row.warning,
            version: row.version,
            created_at: Timestamp::from_unix_us(row.created_at_us),
            updated_at: Timestamp::from_unix_us(row.updated_at_us),
            connected_at: time(row.connected_at_us),
            disconnected_at: time(row.disconnected_at_us),
        })
    }
}

/// What nobody could have told Telegram is as good as unknown.
pub(crate) fn max_connections(stored: Option<i64>) -> Option<u8> {
    stored.and_then(|number| u8::try_from(number).ok())
}

fn sealed(
    connection: &ConnectionId,
    bytes: Option<Vec<u8>>,
    column: &'static str,
) -> Result<Option<SealedToken>> {
    let damaged = |_| Error::Damaged {
        connection: connection.clone(),
        column,
    };
    bytes
        .map(SealedToken::from_bytes)
        .transpose()
        .map_err(damaged)
}
