use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use clock::Entropy;
use key_ring::KeyRing;
use tokio::task::spawn_blocking;

use crate::error::{Error, Result};

/// Where the keys are kept.
#[derive(Clone)]
pub enum KeySource {
    /// A key file that this process reads and writes.
    File(PathBuf),
    /// Anything that somebody else writes: a variable, a credential directory, a file that is mounted read-only.
    ReadOnly {
        /// What it is, for sentences: "the variable MEMBERPASS_MASTER_KEYS".
        what: String,
        /// Reads it again. None when it cannot change while a process runs.
        read: Option<ReadKeys>,
    },
}

/// Reads a key ring anew. It may block.
pub type ReadKeys = Arc<dyn Fn() -> key_ring::Result<KeyRing> + Send + Sync>;

impl KeySource {
    /// What there is now; None where it cannot have changed.
    pub(crate) async fn read(&self) -> Result<Option<KeyRing>> {
        let read = match self.clone() {
            Self::File(path) => spawn_blocking(move || KeyRing::load(&path)),
            Self::ReadOnly { read: None, .. } => return Ok(None),
            Self::ReadOnly {
                read: Some(read), ..
            } => spawn_blocking(move || read()),
        };
        Ok(Some(read.await.map_err(|_| Error::Interrupted)??))
    }

    /// Writes the ring over the one there was, or says how to do by hand what it was changed for.
    pub(crate) async fn write(
        &self,
        ring: &KeyRing,
        entropy: &Entropy,
        by_hand: impl FnOnce() -> String,
    ) -> Result<()> {
        match self.clone() {
            Self::File(path) => {
                let (ring, entropy) = (ring.clone(), entropy.clone());
                let written = spawn_blocking(move || ring.replace(&path, &entropy)).await;
                Ok(written.map_err(|_| Error::Interrupted)??)
            }
            Self::ReadOnly { what, read } => {
                let then = match read {
                    Some(_) => "have the server read its keys again (`keys reload`)",
                    None => "restart the server",
                };
                let steps = format!("{}, then {then}.", by_hand());
                Err(Error::ByHand { what, steps })
            }
        }
    }
}

/// As sentences name it.
impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::ReadOnly { what, .. } => f.write_str(what),
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySource({self})")
    }
}
