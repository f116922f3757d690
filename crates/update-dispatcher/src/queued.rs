//! A stored update on its way through a lane.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use clock::Timestamp;
use serde::{Deserialize, Serialize};
use telegram_bot_api::{UpdateId, UpdateKind};

use crate::LaneKey;

/// The place of a stored update in the order of acknowledgement. The journal gives them out, counting up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(i64);

/// How far the handling of an update has come: what is done is not done again.
///
/// It says "the first `effect` calls of stage number `stage` are done, and so is every stage before".
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Progress {
    /// The number of the stage, from 0.
    pub stage: u32,
    /// How many calls of that stage are done.
    pub effect: u32,
}

/// An update that waits to be handled.
#[derive(Clone, PartialEq, Eq)]
pub struct Queued {
    /// Its place in the order.
    pub seq: Seq,
    /// Where it must stay in order.
    pub lane: LaneKey,
    /// Telegram's number for it.
    pub update_id: UpdateId,
    /// What it is about.
    pub kind: UpdateKind,
    /// Whether it goes before others: [`is_urgent`] of its kind, unless the caller knows better.
    pub urgent: bool,
    /// When we received it.
    pub received_at: Timestamp,
    /// The body of the webhook request, as it came.
    pub body: Bytes,
    /// How far its handling has come.
    pub progress: Progress,
    /// How many attempts have failed, as far as they count: those that ended with [`crate::RetryWhen::Waiting`] do not.
    pub attempts: u32,
    /// Not to be tried before this time; only ever set after a failed attempt.
    pub not_before: Option<Timestamp>,
    /// The last failures, 20 at most, as [`crate::Retry::history`] told them; may be empty where a journal does not keep
    /// them.
    pub history: Vec<Attempt>,
}

/// An attempt to handle an update that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counts an update's attempts, from 1. A failure that does not count has the number of the one to come.
    pub number: u32,
    /// When it failed, in milliseconds since 1970; of equal failures in a row that do not count, the last.
    pub failed_at_unix_ms: u64,
    /// Where it failed.
    pub progress: Progress,
    /// Why, in a sentence. It may be shown to an operator; it holds no secret as long as stages put none in.
    pub reason: String,
}

/// Whether updates of this kind go before others: Telegram keeps them for 150 s or less, because somebody waits.
#[must_use]
pub fn is_urgent(kind: &UpdateKind) -> bool {
    kind.kept_seconds() <= 150
}

impl Seq {
    /// Before the first of all.
    pub const ZERO: Self = Self(0);

    /// The place with this number.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> i64 {
        self.0
    }
}

impl Queued {
    /// An update that nobody has tried to handle. It is urgent if its kind is.
    #[must_use]
    pub fn new(
        seq: Seq,
        lane: LaneKey,
        update_id: UpdateId,
        kind: UpdateKind,
        received_at: Timestamp,
        body: Bytes,
    ) -> Self {
        Self {
            seq,
            lane,
            update_id,
            urgent: is_urgent(&kind),
            kind,
            received_at,
            body,
            progress: Progress::default(),
            attempts: 0,
            not_before: None,
            history: Vec::new(),
        }
    }

    /// What it costs in memory, roughly, in bytes.
    #[must_use]
    pub fn cost_bytes(&self) -> usize {
        /// The structure itself, its entries in maps, and what the allocator adds.
        const OVERHEAD: usize = 384;
        let history: usize = self
            .history
            .iter()
            .map(|attempt| attempt.reason.len() + 64)
            .sum();
        OVERHEAD + self.body.len() + history
    }

    /// When Telegram itself would have dropped it, had we not taken it.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.received_at + Duration::from_secs(self.kind.kept_seconds())
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Without the body: it is what somebody wrote to a bot.
impl fmt::Debug for Queued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queued")
            .field("seq", &self.seq.0)
            .field("lane", &format_args!("{}", self.lane))
            .field("update_id", &self.update_id.value())
            .field("kind", &self.kind.as_str())
            .field("progress", &self.progress)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_that_somebody_waits_for_are_urgent() {
        let urgent: Vec<_> = UpdateKind::ALL.into_iter().filter(is_urgent).collect();
        let expected = [
            UpdateKind::InlineQuery,
            UpdateKind::CallbackQuery,
            UpdateKind::ShippingQuery,
            UpdateKind::PreCheckoutQuery,
        ];
        assert_eq!(urgent, expected);
        assert!(!is_urgent(&UpdateKind::from("brand_new")));
    }
}
