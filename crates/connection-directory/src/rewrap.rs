//! How sealed tokens leave a master key that is to retire.

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::dsl::count_star;
use diesel::prelude::*;
use ids::{ConnectionId, Generation, KeyId, ProjectId};
use store::{Columns as _, Connection as Link};
use token_vault::{OpenError, SealedToken, TokenContext, TokenVault};

use crate::connection::Connection;
use crate::directory::{Directory, Inner};
use crate::error::{Error, Result};
use crate::keys::holding;
use crate::row::Row;
use crate::schema::connections;

/// What became of a page of tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokensRewrapped {
    /// How many are under the primary key now.
    pub rewrapped: u64,
    /// How many were left for another time, because their connection is being changed.
    pub busy: u64,
    /// Whose token did not open with the keys there are: nothing can be done about them here.
    pub unopened: Vec<ConnectionId>,
    /// Where the next page begins; None after the last.
    pub next: Option<ConnectionId>,
}

impl Directory {
    /// Seals a page of tokens anew under the vault's primary key: at most `limit` of those under another, of connections after `after`.
    ///
    /// Each is written only if its record has not been since, all of a page in one transaction. A connection with a change under way is
    /// left alone: the write would make the change fail. Nothing need be remembered to go on: what is done is no longer found.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Interrupted`]. Then none of the page was written, or all of it.
    pub async fn tokens_rewrap(
        &self,
        vault: &TokenVault,
        after: Option<&ConnectionId>,
        limit: u32,
    ) -> Result<TokensRewrapped> {
        let after = after.map_or("", ConnectionId::as_str).to_owned();
        let page = connections::table
            .filter(connections::sealed_key_id.ne(vault.primary()))
            .filter(connections::id.gt(after))
            .order(connections::id)
            .limit(i64::from(limit))
            .select(Row::columns());
        let rows: Vec<Row> = self.0.database.connect().await?.fetch(page).await?;
        let mut done = TokensRewrapped::default();
        if rows.len() == limit as usize {
            done.next = rows.last().map(|row| row.id.clone());
        }
        let mut changes = Vec::new();
        for row in rows {
            match self.sealed_anew(vault, row) {
                Ok(Some(change)) => changes.push(change),
                Ok(None) => done.busy += 1,
                Err(id) => done.unopened.push(id),
            }
        }
        let inner = Arc::clone(&self.0);
        let found = changes.len() as u64;
        // Once begun it is ended, as every write here.
        done.rewrapped = tokio::spawn(async move { inner.write_anew(changes).await })
            .await
            .map_err(|_| Error::Interrupted)??;
        done.busy += found - done.rewrapped;
        Ok(done)
    }

    /// How many registrations before the current one are still accepted, by the master key that each follows from: a part of
    /// [`KeyReferences::registrations`](crate::KeyReferences::registrations).
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn previous_registrations(&self) -> Result<BTreeMap<KeyId, u64>> {
        let now_us = self.0.clock.now().unix_us();
        let until = connections::previous_until_us;
        let accepted = connections::table
            .filter(holding())
            .filter(until.is_null().or(until.gt(now_us)))
            .filter(connections::previous_key_id.is_not_null())
            .group_by(connections::previous_key_id)
            .select((connections::previous_key_id.assume_not_null(), count_star()));
        let counted: Vec<(KeyId, i64)> = self.0.database.connect().await?.fetch(accepted).await?;
        let read = |(key, count): (KeyId, i64)| (key, count.unsigned_abs());
        Ok(counted.into_iter().map(read).collect())
    }

    /// Some connections whose current webhook follows from a master key: at most `limit` of those that
    /// [`KeyReferences::registrations`](crate::KeyReferences::registrations) counts, in order of their ids.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn connections_registered_with(
        &self,
        key: KeyId,
        limit: u32,
    ) -> Result<Vec<(ConnectionId, ProjectId)>> {
        let some = connections::table
            .filter(holding())
            .filter(connections::generation.ne(Generation::NONE))
            .filter(connections::key_id.eq(key))
            .order(connections::id)
            .limit(i64::from(limit))
            .select((connections::id, connections::project_id));
        Ok(self.0.database.connect().await?.fetch(some).await?)
    }

    /// The record with its token under the primary key. None when it is being changed; its id when the token does not open.
    fn sealed_anew(
        &self,
        vault: &TokenVault,
        row: Row,
    ) -> std::result::Result<Option<Connection>, ConnectionId> {
        let id = row.id.clone();
        let mut record = Connection::try_from(row).map_err(|_| id.clone())?;
        if record.operation.is_some() {
            return Ok(None);
        }
        let Some(sealed) = &record.sealed_token else {
            return Ok(None);
        };
        record.sealed_token = Some(rewrapped(vault, &record, sealed).map_err(|_| id)?);
        record.version += 1;
        record.updated_at = self.0.clock.now();
        Ok(Some(record))
    }
}

fn rewrapped(
    vault: &TokenVault,
    record: &Connection,
    sealed: &SealedToken,
) -> std::result::Result<SealedToken, OpenError> {
    let context = TokenContext {
        project: &record.project,
        telegram_bot_id: record.telegram_bot_id,
        field: TokenContext::BOT_TOKEN,
        token_version: record.token_version,
    };
    vault.rewrap(&context, sealed)
}

impl Inner {
    /// Writes those that nobody else has written since, and answers how many.
    async fn write_anew(&self, records: Vec<Connection>) -> Result<u64> {
        if records.is_empty() {
            return Ok(0);
        }
        let mut link = self.database.connect().await?;
        let written = link
            .transaction(async |link| {
                let mut written = Vec::new();
                for record in &records {
                    if write_one(link, record).await? {
                        written.push(record);
                    }
                }
                Ok::<_, store::Error>(written)
            })
            .await;
        for record in written.as_ref().unwrap_or(&Vec::new()) {
            // Those that nobody asked for of late are not to be held either; a look-up under way may have read the record before.
            match self.live.get(&record.id) {
                Ok(_) => self.live.put_written(record),
                Err(_) => self.live.forget(&record.id),
            }
        }
        if written.is_err() {
            // Whether a commit was done whose answer was lost, the next look-up will tell.
            for record in &records {
                self.live.forget(&record.id);
            }
        }
        Ok(written?.len() as u64)
    }
}

async fn write_one(link: &mut Link, record: &Connection) -> store::Result<bool> {
    let held = connections::table
        .find(record.id.clone())
        .filter(connections::version.eq(record.version - 1));
    let change = (
        connections::sealed_token.eq(record.sealed_token.as_ref().map(SealedToken::as_bytes)),
        connections::sealed_key_id.eq(record.sealed_token.as_ref().map(SealedToken::key_id)),
        connections::version.eq(record.version),
        connections::updated_at_us.eq(record.updated_at.unix_us()),
    );
    Ok(link.run(diesel::update(held).set(change)).await? == 1)
}
