//! The steps of a rotation while no server runs.

use anyhow::Context as _;
use clock::{Clock, Entropy};
use connection_directory::Directory;
use ids::KeyId;
use key_ring::{KeyRing, SharedKeyRing};
use key_rotation::{KeyRotation, Parts};
use outbound_http::{OutboundConfig, OutboundHttp};
use platform_events::PlatformEvents;
use serde_json::{Value, json, to_value};
use store::{Database, Schema, SoleProcess};
use token_vault::TokenVault;

use crate::config::Config;
use crate::key_source;

pub(super) struct Here {
    rotation: KeyRotation,
    /// While it is held no server starts on the database.
    sole: SoleProcess,
}

impl Here {
    /// # Errors
    /// While another process has the database, before its migrations have run, and for keys that are not this database's.
    pub(super) async fn claim(config: &Config) -> anyhow::Result<Self> {
        let file = config.database.sqlite_file();
        anyhow::ensure!(
            file.is_none_or(std::path::Path::exists),
            "no server runs at {}, and there is no database yet: start the server once",
            config.private_listen
        );
        let database = Database::open(&config.database, 2).await?;
        let sole = database.sole_process().await.with_context(|| {
            format!(
                "no server answers at {}, and the database cannot be claimed: if a server runs, name its --private-listen",
                config.private_listen
            )
        })?;
        let migrations = database.migrations(Schema::Main).await?;
        anyhow::ensure!(
            migrations.iter().all(|migration| migration.applied),
            "the database is not ready: start the server once, or run `memberpass-telegram migrate`"
        );
        let rotation = rotation(config, &database).await?;
        Ok(Self { rotation, sole })
    }

    pub(super) async fn status(&self) -> anyhow::Result<Value> {
        let status = self.rotation.status().await?;
        let mut told = to_value(&status)?;
        told["next"]["sentence"] = status.next.to_string().into();
        Ok(told)
    }

    pub(super) async fn add(&self) -> anyhow::Result<Value> {
        Ok(to_value(self.rotation.add().await?)?)
    }

    pub(super) async fn promote(&self, key: KeyId) -> anyhow::Result<Value> {
        Ok(to_value(self.rotation.promote(key).await?)?)
    }

    pub(super) async fn retire(&self, key: KeyId) -> anyhow::Result<Value> {
        Ok(to_value(self.rotation.retire(key).await?)?)
    }

    pub(super) async fn reload(&self) -> anyhow::Result<Value> {
        Ok(to_value(self.rotation.reload().await?)?)
    }

    pub(super) async fn rewrap(&mut self, cursor: Option<&str>) -> anyhow::Result<Value> {
        self.sole.check().await?;
        let after = cursor.map(str::parse).transpose()?;
        let page = self.rotation.rewrap_page(after.as_ref()).await?;
        let next = page.next.clone();
        let mut told = to_value(page)?;
        told["next_cursor"] = json!(next);
        Ok(told)
    }
}

async fn rotation(config: &Config, database: &Database) -> anyhow::Result<KeyRotation> {
    let (clock, entropy) = (Clock::system(), Entropy::system());
    let path = &config.master_key;
    let ring = KeyRing::load(path)
        .with_context(|| format!("the master key in {} cannot be used", path.display()))?;
    let ring = SharedKeyRing::new(ring);
    let events = PlatformEvents::new(
        database.clone(),
        TokenVault::new(&ring, entropy.clone()),
        OutboundHttp::new(OutboundConfig::default(), clock.clone())?,
        clock.clone(),
        entropy.clone(),
        platform_events::Config::default(),
    );
    let parts = Parts {
        directory: Directory::open(database.clone(), clock.clone()),
        clock,
        entropy,
        events,
        ring,
        source: key_source::of_file(path),
    };
    Ok(KeyRotation::start(parts).await?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::config::Sources;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_rotation_is_done_without_a_server_and_not_beside_one() {
        let folder = tempfile::tempdir().unwrap();
        let flags = BTreeMap::from([("data-dir", folder.path().to_str().unwrap().to_owned())]);
        let sources = Sources::read(flags, std::iter::empty()).unwrap();
        let config = Config::from_sources(&sources).unwrap();
        assert!(Here::claim(&config).await.is_err(), "there is no database");
        let database = Database::open(&config.database, 1).await.unwrap();
        KeyRing::create(&config.master_key, &Entropy::system()).unwrap();
        assert!(Here::claim(&config).await.is_err(), "it is not migrated");
        database.migrate(Schema::Main).await.unwrap();

        let serving = database.sole_process().await.unwrap();
        let refused = Here::claim(&config).await.err().unwrap();
        assert!(
            format!("{refused:#}").contains("--private-listen"),
            "{refused:#}"
        );
        drop(serving);

        let mut here = Here::claim(&config).await.unwrap();
        assert_eq!(here.add().await.unwrap()["key"], 2);
        assert_eq!(here.status().await.unwrap()["next"]["step"], "promote");
        here.promote(KeyId::new(2)).await.unwrap();
        let mut share = here.rewrap(None).await.unwrap();
        while let Some(cursor) = share["next_cursor"].as_str() {
            share = here.rewrap(Some(cursor)).await.unwrap();
        }
        let early = here.retire(KeyId::new(1)).await.unwrap_err();
        assert!(early.to_string().contains("retire it in"), "{early}");
        let kept = KeyRing::load(&config.master_key).unwrap();
        assert_eq!(kept.primary(), KeyId::new(2));
    }
}
