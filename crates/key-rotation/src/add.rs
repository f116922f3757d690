use ids::KeyId;
use key_ring::{KeyRing, KeyState};
use serde::Serialize;

use crate::error::Result;
use crate::key_rotation::{Inner, KeyRotation};

/// A key that opens, and waits to be promoted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Added {
    /// The key.
    pub key: KeyId,
    /// Whether it was there before: one key waits at a time, and an interrupted step is ended and not repeated.
    pub was_there: bool,
}

impl KeyRotation {
    /// Adds a random key that opens only. Where one waits already, that is the answer.
    ///
    /// # Errors
    /// [`Error::ByHand`](crate::Error::ByHand), [`Error::Ring`](crate::Error::Ring), [`Error::Directory`](crate::Error::Directory), and
    /// those of [`Self::start`].
    pub async fn add(&self) -> Result<Added> {
        let inner = &*self.0;
        let _turn = inner.turn.lock().await;
        let kept = inner.kept().await?;
        if let Some(key) = waiting(&kept) {
            inner.adopt(kept).await?;
            return Ok(Added {
                key,
                was_there: true,
            });
        }
        let (ring, key) = kept.add(&inner.parts.entropy)?;
        inner.write(&ring, key).await?;
        // Only now: a check value in the database for a key that no file holds would keep its id from every other.
        inner.adopt(ring).await?;
        tracing::info!(%key, "added a master key, which opens only");
        Ok(Added {
            key,
            was_there: false,
        })
    }
}

impl Inner {
    async fn write(&self, ring: &KeyRing, key: KeyId) -> Result<()> {
        let by_hand = || {
            format!(
                "Add the line `{key} open <key>` there, where <key> is 32 random bytes in base64url without padding \
                 (`openssl rand 32 | basenc --base64url | tr -d =`)"
            )
        };
        let Self { parts, .. } = self;
        parts.source.write(ring, &parts.entropy, by_hand).await
    }
}

/// The key that was added and not promoted. Keys go forward, so it is later than the primary one.
pub(crate) fn waiting(ring: &KeyRing) -> Option<KeyId> {
    ring.states()
        .find(|(key, state)| *state == KeyState::Open && *key > ring.primary())
        .map(|(key, _)| key)
}
