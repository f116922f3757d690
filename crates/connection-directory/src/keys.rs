//! Which master keys this database was written with, and which of them it still needs.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use ids::{Generation, KeyId};
use key_ring::KeyRing;
use store::{Connection as Link, Fetch};

use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::schema::{connections, key_checks};
use crate::status::Status;

/// What still refers to a master key. It can retire when nothing does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyReferences {
    /// Tokens sealed under it, of disconnected connections too: they are needed to come back.
    pub sealed: u64,
    /// Webhook registrations derived from it that are accepted, of connections that are not disconnected.
    pub registrations: u64,
}

impl Directory {
    /// Checks at a start that the ring is the one this database was written with, and notes its new keys.
    ///
    /// # Errors
    /// [`Error::OtherMasterKey`] when a key of the ring is not the one known under its id, [`Error::MissingMasterKey`] when
    /// records refer to a key that the ring does not have, [`Error::Store`]. Then nothing was noted.
    pub async fn key_checks_verify(&self, ring: &KeyRing) -> Result<()> {
        for (key, references) in self.key_references().await? {
            if !ring.ids().any(|id| id == key) {
                let references = references.sealed + references.registrations;
                return Err(Error::MissingMasterKey { key, references });
            }
        }
        let values: Vec<_> = ring
            .ids()
            .filter_map(|id| Some((id, ring.check_value(id)?)))
            .collect();
        let mut link = self.0.database.connect().await?;
        link.transaction(async |link| {
            for (id, value) in &values {
                key_check_verify(link, *id, value).await?;
            }
            Ok(())
        })
        .await
    }

    /// What refers to each master key. Keys that nothing refers to are not among them.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn key_references(&self) -> Result<BTreeMap<KeyId, KeyReferences>> {
        let mut link = self.0.database.connect().await?;
        let now_us = self.0.clock.now().unix_us();
        let mut counts = Counts::default();

        let sealed = connections::table
            .group_by(connections::sealed_key_id)
            .select((connections::sealed_key_id, count_star()));
        counts.add(&mut link, sealed, |key| &mut key.sealed).await?;
        let current = connections::table
            .filter(holding())
            .filter(connections::generation.ne(Generation::NONE))
            .group_by(connections::key_id)
            .select((connections::key_id.nullable(), count_star()));
        counts
            .add(&mut link, current, |key| &mut key.registrations)
            .await?;
        let previous = connections::table
            .filter(holding())
            .filter(
                connections::previous_until_us
                    .is_null()
                    .or(connections::previous_until_us.gt(now_us)),
            )
            .group_by(connections::previous_key_id)
            .select((connections::previous_key_id, count_star()));
        counts
            .add(&mut link, previous, |key| &mut key.registrations)
            .await?;
        Ok(counts.0)
    }
}

/// Those whose registration is still needed: a disconnect that Telegram was not told of yet has to know its own webhook.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn holding() -> _ {
    let off: Status = Status::Disconnected;
    let on = connections::status.ne(off);
    on.or(connections::operation.is_not_null())
}

#[derive(Default)]
struct Counts(BTreeMap<KeyId, KeyReferences>);

impl Counts {
    async fn add<'q>(
        &mut self,
        link: &mut Link,
        query: impl Fetch<'q, (Option<KeyId>, i64)>,
        field: fn(&mut KeyReferences) -> &mut u64,
    ) -> Result<()> {
        for (key, count) in link.fetch(query).await? {
            if let Some(key) = key {
                *field(self.0.entry(key).or_default()) += count.unsigned_abs();
            }
        }
        Ok(())
    }
}

async fn key_check_verify(link: &mut Link, key: KeyId, value: &[u8; 32]) -> Result<()> {
    let known = key_checks::table.find(key).select(key_checks::check_value);
    let known: Option<Vec<u8>> = link.fetch_optional(known).await?;
    match known {
        Some(known) if known == value => Ok(()),
        Some(_) => Err(Error::OtherMasterKey(key)),
        None => {
            let columns = (
                key_checks::key_id.eq(key),
                key_checks::check_value.eq(value.to_vec()),
            );
            let noted = diesel::insert_into(key_checks::table).values(columns);
            store::ensure_touched(link.run(noted).await?, 1)?;
            Ok(())
        }
    }
}
