use ids::KeyId;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::key_rotation::KeyRotation;

/// The key that new secrets are made with from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Promoted {
    /// The key.
    pub key: KeyId,
    /// The one before, which opens until it is retired; None when the key was primary already.
    pub before: Option<KeyId>,
}

impl KeyRotation {
    /// Makes new secrets with this key from now on. Promoting the primary key changes nothing, and ends what was interrupted.
    ///
    /// # Errors
    /// [`Error::NotKnown`] until every live process opens what is sealed under it; [`Error::Replaced`] for one that is older than the
    /// primary; [`Error::ByHand`], [`Error::Ring`], [`Error::Directory`], and those of [`Self::start`].
    pub async fn promote(&self, key: KeyId) -> Result<Promoted> {
        let inner = &*self.0;
        let _turn = inner.turn.lock().await;
        let kept = inner.kept().await?;
        let primary = kept.primary();
        if key == primary {
            inner.adopt(kept).await?;
            return Ok(Promoted { key, before: None });
        }
        let ring = kept.promote(key)?;
        if key < primary {
            return Err(Error::Replaced { key, primary });
        }
        if !inner.is_known(&kept, key) {
            return Err(Error::NotKnown(key));
        }
        let by_hand = || {
            format!(
                "Write `open` for `primary` in the line of key {primary} there, and `primary` for `open` in that of key {key}"
            )
        };
        let parts = &inner.parts;
        parts.source.write(&ring, &parts.entropy, by_hand).await?;
        inner.adopt(ring).await?;
        tracing::info!(%key, before = %primary, "promoted a master key");
        Ok(Promoted {
            key,
            before: Some(primary),
        })
    }
}
