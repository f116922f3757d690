use std::collections::BTreeMap;
use std::sync::Arc;

use clock::{Clock, Entropy};
use connection_directory::Directory;
use ids::KeyId;
use key_ring::{KeyRing, SharedKeyRing};
use platform_events::PlatformEvents;
use token_vault::TokenVault;
use tokio::sync::Mutex;

use crate::counting;
use crate::error::{Error, Result};
use crate::lineage;
use crate::source::KeySource;
use crate::uses::KeyUses;

/// Takes one master key's place with another, step by step, while everything runs. Cheap to clone; clones are one.
///
/// One process uses a database at a time, and it is the one that runs this: a command asks the running server, or claims the
/// database when there is none.
#[derive(Clone)]
pub struct KeyRotation(pub(crate) Arc<Inner>);

/// What it works on.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Tells how long a key has been what it is.
    pub clock: Clock,
    /// The records that refer to keys.
    pub directory: Directory,
    /// Makes keys and salts, so outside tests it must be the system's.
    pub entropy: Entropy,
    /// The secrets of webhook endpoints, sealed by a vault over `ring`.
    pub events: PlatformEvents,
    /// The ring of this process, as it was read from the source.
    pub ring: SharedKeyRing,
    /// Where the keys are kept.
    pub source: KeySource,
}

pub(crate) struct Inner {
    pub(crate) parts: Parts,
    /// Follows the ring.
    pub(crate) vault: TokenVault,
    /// Held by whoever changes the ring.
    pub(crate) turn: Mutex<()>,
}

impl KeyRotation {
    /// Checks that the ring is the one that this database was written with and no older copy, and notes what is new in it. Nothing may
    /// be sealed or derived before this has answered.
    ///
    /// # Errors
    /// [`Error::OldWithoutKey`], [`Error::OldWithKey`], [`Error::OldPrimary`]; [`Error::Needed`] when something refers to a key that is
    /// not there; [`Error::Directory`] when a key is another than the one known under its id, or when the database fails.
    pub async fn start(parts: Parts) -> Result<Self> {
        let rotation = Self(Arc::new(Inner {
            vault: TokenVault::new(&parts.ring, parts.entropy.clone()),
            parts,
            turn: Mutex::default(),
        }));
        let ring = rotation.0.parts.ring.load();
        rotation.0.accept(&ring).await?;
        Ok(rotation)
    }

    /// What refers to each key. Keys that nothing refers to are not among them.
    ///
    /// # Errors
    /// [`Error::Directory`], [`Error::Events`].
    pub async fn uses(&self) -> Result<BTreeMap<KeyId, KeyUses>> {
        self.0.uses().await
    }
}

impl Inner {
    /// The ring as it is kept now, checked not to be an older one; this process may not have it yet.
    pub(crate) async fn kept(&self) -> Result<KeyRing> {
        let kept = match self.parts.source.read().await? {
            Some(ring) => ring,
            None => KeyRing::clone(&self.parts.ring.load()),
        };
        self.refuse_other(&kept)?;
        self.refuse_older(&kept).await?;
        Ok(kept)
    }

    /// Lets this process use a ring that is kept: everything about it is noted before.
    pub(crate) async fn adopt(&self, ring: KeyRing) -> Result<()> {
        self.accept(&ring).await?;
        self.parts.ring.replace(ring);
        Ok(())
    }

    pub(crate) async fn uses(&self) -> Result<BTreeMap<KeyId, KeyUses>> {
        counting::by_key(&self.parts.directory, &self.parts.events).await
    }

    /// Whether this process has the ring that is kept, as far as states go.
    pub(crate) fn has(&self, kept: &KeyRing) -> bool {
        self.parts.ring.load().states().eq(kept.states())
    }

    /// Whether every live process opens what is sealed under the key. There is one live process: this.
    pub(crate) fn is_known(&self, kept: &KeyRing, key: KeyId) -> bool {
        let known = self.parts.ring.load().check_value(key);
        known.is_some() && known == kept.check_value(key)
    }

    /// Refuses a ring of another server: it would be written back.
    fn refuse_other(&self, kept: &KeyRing) -> Result<()> {
        let known = self.parts.ring.load();
        let differs = |key: &KeyId| {
            let there = kept.check_value(*key);
            there.is_some() && there != known.check_value(*key)
        };
        match known.ids().find(differs) {
            Some(key) => Err(connection_directory::Error::OtherMasterKey(key).into()),
            None => Ok(()),
        }
    }

    async fn accept(&self, ring: &KeyRing) -> Result<()> {
        self.refuse_older(ring).await?;
        for (key, uses) in self.uses().await? {
            if uses.total() > 0 && !ring.ids().any(|there| there == key) {
                return Err(Error::Needed { key, uses });
            }
        }
        let directory = &self.parts.directory;
        directory.key_checks_verify(ring).await?;
        Ok(directory.key_states_note(ring).await?)
    }

    pub(crate) async fn refuse_older(&self, ring: &KeyRing) -> Result<()> {
        lineage::refuse_older(ring, &self.parts.directory.key_states().await?)
    }
}

impl std::fmt::Debug for KeyRotation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("KeyRotation").field(&self.0.parts).finish()
    }
}
