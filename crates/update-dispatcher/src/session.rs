//! What a stage remembers of a lane from one update to the next.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::Timestamp;

use crate::LaneKey;

/// A session as a journal keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// What the stage wrote. Nobody else reads it.
    pub data: Bytes,
    /// When it may be forgotten. Until then it is kept, from then on it counts as not there.
    pub expires_at: Timestamp,
}

/// What a stage wants to be remembered, or forgotten. It is saved in the commit that notes that the stage is done.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionChange {
    /// Whose session it is.
    pub lane: LaneKey,
    /// Which of the lane's sessions: the stage's name, or one that begins with it.
    pub name: Arc<str>,
    /// What the stage found there. Where that has changed before its calls were made, the stage runs again.
    pub was: Option<Bytes>,
    /// What is to be there; [`None`] deletes it.
    pub becomes: Option<StoredSession>,
}

/// How long sessions are kept, and how large they may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// A session that no handler has asked for during this time is forgotten. It may be kept for up to a tenth less,
    /// because not every reading is written down.
    pub keep_for: Duration,
    /// The most bytes that a session may have as JSON.
    pub max_bytes: usize,
}

/// 30 days, 16 KiB.
impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            keep_for: Duration::from_secs(30 * 24 * 60 * 60),
            max_bytes: 16 << 10,
        }
    }
}

/// A session, or why it cannot be read.
pub(crate) type ReadingSession<'a> =
    Pin<Box<dyn Future<Output = Result<Option<StoredSession>, String>> + Send + 'a>>;

/// Where sessions are read: a journal, or memory in a test.
pub(crate) trait ReadSessions: Send + Sync {
    /// Reads a session, whether or not its time is over.
    fn read<'a>(&'a self, lane: &'a LaneKey, name: &'a str) -> ReadingSession<'a>;

    /// The time by which sessions expire.
    fn now(&self) -> Timestamp;
}

/// Without what it holds: it is about somebody.
impl fmt::Debug for StoredSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSession")
            .field("bytes", &self.data.len())
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

/// Without what it holds.
impl fmt::Debug for SessionChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionChange")
            .field("lane", &format_args!("{}", self.lane))
            .field("name", &self.name)
            .field("becomes", &self.becomes)
            .finish_non_exhaustive()
    }
}
