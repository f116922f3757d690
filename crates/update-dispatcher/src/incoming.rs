//! An update as a stage sees it.

use std::sync::Arc;

use bytes::Bytes;
use clock::Timestamp;
use ids::ConnectionId;
use telegram_bot_api::{Update, UpdateKind};

use crate::session::ReadSessions;
use crate::{Lane, LaneKey, Queued, Seq};

/// An update as a stage sees it. Cheap to clone.
#[derive(Clone)]
#[non_exhaustive]
pub struct Incoming {
    /// Whose bot it came to.
    pub connection: ConnectionId,
    /// Its place in the order of acknowledgement: with the connection, what to tell repetitions of this update by.
    pub seq: Seq,
    /// The lane that it is handled in.
    pub lane: Lane,
    /// What it is about.
    pub kind: UpdateKind,
    /// The update.
    pub update: Arc<Update>,
    /// The body of the webhook request, as it came: the same update in Telegram's own words.
    pub body: Bytes,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// When we received it.
    pub received_at: Timestamp,
    /// The bot's username without the `@`, if whoever made this knew it.
    pub bot_username: Option<Arc<str>>,
    /// Where sessions are read; nobody can where this was made by hand.
    pub(crate) sessions: Option<Arc<dyn ReadSessions>>,
}

impl Incoming {
    /// Reads the whole update.
    ///
    /// # Errors
    /// When its body is not an update.
    pub fn read(queued: &Queued) -> Result<Self, serde_json::Error> {
        Ok(Self {
            connection: queued.lane.connection.clone(),
            seq: queued.seq,
            lane: queued.lane.lane.clone(),
            kind: queued.kind.clone(),
            update: Arc::new(serde_json::from_slice(&queued.body)?),
            body: queued.body.clone(),
            attempt: queued.attempts.saturating_add(1),
            received_at: queued.received_at,
            bot_username: None,
            sessions: None,
        })
    }

    /// The lane with whose it is.
    #[must_use]
    pub fn lane_key(&self) -> LaneKey {
        LaneKey::new(self.connection.clone(), self.lane.clone())
    }
}

/// Without what the update says.
impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming")
            .field("connection", &self.connection)
            .field("seq", &self.seq.value())
            .field("kind", &self.kind.as_str())
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
