use ids::KeyId;
use key_ring::KeyState;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::key_rotation::KeyRotation;

/// The keys that a process uses from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reloaded {
    /// Those it has.
    pub keys: Vec<KeyId>,
    /// The one that new secrets are made with.
    pub primary: KeyId,
    /// Whether anything changed.
    pub changed: bool,
}

impl KeyRotation {
    /// Reads the keys again: after somebody changed them by hand. A ring that is refused leaves the one in use as it was.
    ///
    /// # Errors
    /// [`Error::NotReadAgain`]; for a key that the new ring has retired, as [`Self::retire`]; [`Error::Ring`], [`Error::Directory`], and
    /// those of [`Self::start`].
    pub async fn reload(&self) -> Result<Reloaded> {
        let inner = &*self.0;
        let _turn = inner.turn.lock().await;
        let source = &inner.parts.source;
        let Some(ring) = source.read().await? else {
            let what = source.to_string();
            return Err(Error::NotReadAgain { what });
        };
        inner.refuse_older(&ring).await?;
        for (key, state) in ring.states() {
            let had = inner.parts.ring.load().ids().any(|known| known == key);
            if state == KeyState::Retired && had {
                inner.refuse_in_use(key).await?;
            }
        }
        let reloaded = Reloaded {
            keys: ring.ids().collect(),
            primary: ring.primary(),
            changed: !inner.has(&ring),
        };
        inner.adopt(ring).await?;
        tracing::info!(primary = %reloaded.primary, changed = reloaded.changed, "read the master keys again");
        Ok(reloaded)
    }
}
