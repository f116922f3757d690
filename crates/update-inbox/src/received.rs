use std::time::Duration;

use bytes::Bytes;
use clock::Timestamp;
use ids::ConnectionId;
use telegram_bot_api::{Envelope, UpdateId, UpdateKind};
use update_dispatcher::{Lane, LaneKey, Queued, Seq};

/// An update that Telegram pushed, before it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// Whose it is, and where it must stay in order.
    pub lane: LaneKey,
    /// Telegram's number for it.
    pub update_id: UpdateId,
    /// What it is about.
    pub kind: UpdateKind,
    /// When it came.
    pub received_at: Timestamp,
    /// The body of the request, as it came.
    pub body: Bytes,
}

/// What became of a received update. Either way it may be acknowledged: it is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It was stored and will be handled.
    Stored,
    /// It had come before, not longer than 72 hours ago.
    Duplicate,
}

/// Why a received update was not stored. It must not be acknowledged: Telegram brings it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More waits to be written than there is room for.
    #[error("too many updates wait to be stored")]
    Full {
        /// When Telegram should bring it again: well within the time that it keeps an update of this kind.
        retry_after: Duration,
    },
    /// It could not be written, or the inbox is closed.
    #[error("the update could not be stored")]
    Unavailable,
}

impl Received {
    /// An update with the facts that were read from its body.
    #[must_use]
    pub fn new(
        connection: ConnectionId,
        envelope: &Envelope,
        received_at: Timestamp,
        body: Bytes,
    ) -> Self {
        Self {
            lane: LaneKey::new(connection, Lane::of(envelope)),
            update_id: envelope.update_id,
            kind: envelope.kind.clone(),
            received_at,
            body,
        }
    }

    pub(crate) fn queued(&self, seq: Seq) -> Queued {
        Queued::new(
            seq,
            self.lane.clone(),
            self.update_id,
            self.kind.clone(),
            self.received_at,
            self.body.clone(),
        )
    }
}

/// Without the body: it is what somebody wrote to a bot.
impl std::fmt::Debug for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Received")
            .field("lane", &format_args!("{}", self.lane))
            .field("update_id", &self.update_id.value())
            .field("kind", &self.kind.as_str())
            .finish_non_exhaustive()
    }
}

impl Refused {
    /// Full, for an update of this kind: a tenth of its life at most, and soon in any case.
    pub(crate) fn full(kind: &UpdateKind) -> Self {
        let seconds = (kind.kept_seconds() / 30).clamp(1, 10);
        Self::Full {
            retry_after: Duration::from_secs(seconds),
        }
    }

    /// Full, for a request of which nobody knows what it is.
    pub(crate) const fn full_of_unreadable() -> Self {
        Self::Full {
            retry_after: Duration::from_secs(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telegram_is_asked_back_long_before_it_would_drop_the_update() {
        for kind in UpdateKind::ALL
            .into_iter()
            .chain([UpdateKind::from("brand_new")])
        {
            let Refused::Full { retry_after } = Refused::full(&kind) else {
                unreachable!()
            };
            assert!(retry_after >= Duration::from_secs(1), "{kind}");
            assert!(retry_after.as_secs() * 10 <= kind.kept_seconds(), "{kind}");
        }
    }
}
