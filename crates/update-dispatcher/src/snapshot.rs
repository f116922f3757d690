//! What operators see of the dispatcher.

use clock::Timestamp;
use ids::ConnectionId;
use serde::{Serialize, Serializer};
use telegram_bot_api::{UpdateId, UpdateKind};

use crate::{Lane, Seq};

/// Everything that is in memory, connection by connection, at one moment.
///
/// It is as big as what is in memory; [`crate::Dispatcher::totals`] costs nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// The sums.
    pub totals: Totals,
    /// Whether the dispatcher is being drained.
    pub closed: bool,
    /// The connections that have something in memory or are paused, ordered by their id.
    pub bots: Vec<BotSnapshot>,
}

/// How much is in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Totals {
    /// Updates that are being handled.
    pub running: usize,
    /// Updates that wait, for their turn or for a retry.
    pub waiting: usize,
    /// Their size, in bytes, as [`crate::Queued::cost_bytes`] estimates it; the running ones included.
    pub bytes: usize,
    /// Connections that have something in memory, or are paused.
    pub bots: usize,
}

/// A connection's part of a [`Snapshot`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BotSnapshot {
    /// Which connection.
    pub connection: ConnectionId,
    /// Whether it is paused.
    pub paused: bool,
    /// Whether more of its updates wait on disk than in memory was room for.
    pub behind: bool,
    /// Updates that are being handled.
    pub running: usize,
    /// Updates that wait in memory.
    pub waiting: usize,
    /// Its lanes, in order.
    pub lanes: Vec<LaneSnapshot>,
}

/// A lane's part of a [`Snapshot`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LaneSnapshot {
    /// Which lane.
    pub lane: Lane,
    /// What is being handled.
    pub running: Option<RunningSnapshot>,
    /// How many updates wait in memory.
    pub waiting: usize,
    /// When the first of them was received; written in milliseconds since 1970.
    #[serde(rename = "oldest_unix_ms", serialize_with = "perhaps_unix_ms")]
    pub oldest: Option<Timestamp>,
    /// Whether more of them wait on disk.
    pub spilled: bool,
    /// Those among the waiting that failed and will be tried again.
    pub retries: Vec<RetrySnapshot>,
}

/// An update that is being handled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RunningSnapshot {
    /// Which update.
    pub seq: Seq,
    /// Telegram's number for it.
    pub update_id: UpdateId,
    /// What it is about.
    pub kind: UpdateKind,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Since when; written in milliseconds since 1970.
    #[serde(rename = "since_unix_ms", serialize_with = "unix_ms")]
    pub since: Timestamp,
}

/// An update that waits for another attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RetrySnapshot {
    /// Which update.
    pub seq: Seq,
    /// Telegram's number for it.
    pub update_id: UpdateId,
    /// What it is about.
    pub kind: UpdateKind,
    /// How many attempts have failed, as far as they count.
    pub attempts: u32,
    /// When the next is due; written in milliseconds since 1970.
    #[serde(rename = "not_before_unix_ms", serialize_with = "unix_ms")]
    pub not_before: Timestamp,
    /// Why the last attempt failed.
    pub reason: Option<String>,
}

impl Snapshot {
    /// Puts connections and lanes in order.
    pub(crate) fn sort(&mut self) {
        self.bots
            .sort_unstable_by(|one, other| one.connection.cmp(&other.connection));
        self.bots.iter_mut().for_each(BotSnapshot::sort);
    }
}

impl BotSnapshot {
    pub(crate) fn sort(&mut self) {
        self.lanes
            .sort_unstable_by(|one, other| one.lane.cmp(&other.lane));
    }
}

fn perhaps_unix_ms<S: Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    time.map(Timestamp::unix_ms).serialize(serializer)
}

fn unix_ms<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(time.unix_ms())
}
