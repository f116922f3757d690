//! What was observed once is not yet told: what passes by itself, and what comes and goes, is waited out. No clock is read here.

use clock::Timestamp;

use crate::verdict::{Condition, Decision, VerdictCode};

/// What was told of a connection last, and what was heard since. Plain columns: any values whatever are fit to go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The code that was told last. Of a connection of which nothing was told yet: `healthy`, which its `connected` event implied.
    pub told: VerdictCode,
    /// When it was told.
    pub told_at: Timestamp,
    /// A code that was heard and not told yet, and when it was first heard in a row.
    pub waiting: Option<(VerdictCode, Timestamp)>,
    /// When the last three changes away from a told code came, the latest first.
    pub changes: [Option<Timestamp>; 3],
    /// How often in a row the time that a steady code is waited for was doubled.
    pub doublings: u8,
}

/// Something that is to be recorded, and published where [`Self::publication`] says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// What was told before.
    pub from: VerdictCode,
    /// What is told now; another code.
    pub to: VerdictCode,
    /// When.
    pub at: Timestamp,
}

/// What the platform hears of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publication {
    /// The bot works again.
    Healthy,
    /// The bot does not work, for this reason.
    Degraded(VerdictCode),
}

/// What one observation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing new.
    NoNews,
    /// This, and since when it certainly is so.
    Code(VerdictCode, Option<Timestamp>),
}

impl From<&Decision> for Heard {
    fn from(decision: &Decision) -> Self {
        decision.verdict().map_or(Self::NoNews, |verdict| {
            Self::Code(verdict.code, verdict.since)
        })
    }
}

impl Standing {
    /// Of a connection of which nothing was told yet.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            told: VerdictCode::Healthy,
            told_at: now,
            waiting: None,
            changes: [None; 3],
            doublings: 0,
        }
    }

    /// Hears an observation; answers the change that is to be told because of it, if one is.
    pub fn hear(&mut self, heard: impl Into<Heard>, now: Timestamp) -> Option<Change> {
        let _ = (heard.into(), now);
        None
    }
}

impl Change {
    /// What the platform hears of it: nothing where the bot was disconnected, or connected anew, since those have events of
    /// their own that say so.
    #[must_use]
    pub fn publication(&self) -> Option<Publication> {
        match (self.from.condition(), self.to.condition()) {
            (_, Condition::Disconnected) | (Condition::Disconnected, Condition::Healthy) => None,
            (_, Condition::Degraded) => Some(Publication::Degraded(self.to)),
            (_, Condition::Healthy) => Some(Publication::Healthy),
        }
    }
}
