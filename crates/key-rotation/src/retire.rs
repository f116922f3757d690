use std::time::Duration;

use ids::KeyId;
use key_ring::KeyState;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::key_rotation::{Inner, KeyRotation};

/// A key whose material is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Retired {
    /// The key.
    pub key: KeyId,
    /// Whether it was retired before.
    pub was_retired: bool,
}

impl KeyRotation {
    /// Forgets a key's material for good. Its id stays taken. A copy of the key file of before opens older backups of the database.
    ///
    /// # Errors
    /// [`Error::InUse`] while anything refers to it, [`Error::TooSoon`] right after another was promoted over it; [`Error::NotReloaded`],
    /// [`Error::ByHand`], [`Error::Ring`], [`Error::Directory`], and those of [`Self::start`].
    pub async fn retire(&self, key: KeyId) -> Result<Retired> {
        let inner = &*self.0;
        let _turn = inner.turn.lock().await;
        let kept = inner.kept().await?;
        if kept.states().any(|known| known == (key, KeyState::Retired)) {
            inner.adopt(kept).await?;
            return Ok(Retired {
                key,
                was_retired: true,
            });
        }
        let ring = kept.retire(key)?;
        if !inner.has(&kept) {
            let what = inner.parts.source.to_string();
            return Err(Error::NotReloaded { what });
        }
        inner.refuse_in_use(key).await?;
        let by_hand =
            || format!("Write `{key} retired` in place of the whole line of key {key} there");
        let parts = &inner.parts;
        parts.source.write(&ring, &parts.entropy, by_hand).await?;
        inner.adopt(ring).await?;
        tracing::info!(%key, "retired a master key");
        Ok(Retired {
            key,
            was_retired: false,
        })
    }
}

impl Inner {
    /// Refuses to let a key of this process's ring go while anything refers to it, or may do so in a moment.
    pub(crate) async fn refuse_in_use(&self, key: KeyId) -> Result<()> {
        let notes = self.parts.directory.key_states().await?;
        // Looked at before the uses are counted: what was sealed under it before is written by then.
        if let Some(note) = notes.iter().find(|note| note.key == key) {
            let held = self.parts.clock.now().since(note.since);
            if let Some(wait) = SETTLING.checked_sub(held).filter(|wait| !wait.is_zero()) {
                return Err(Error::TooSoon { key, wait });
            }
        }
        match self.uses().await?.get(&key) {
            Some(&uses) if uses.total() > 0 => Err(Error::InUse { key, uses }),
            _ => Ok(()),
        }
    }
}

/// What was sealed under a key before another was promoted is written within this time: a database is waited for 15 s at most.
const SETTLING: Duration = Duration::from_secs(60);
