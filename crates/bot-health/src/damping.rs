//! What was observed once is not yet told: what passes by itself, and what comes and goes, is waited out. No clock is read here.
//!
//! Codes have a rank: healthy, what may pass by itself, what is definite, disconnected. A step up is bad news and told at once, or, if it
//! may pass by itself, when it has lasted. Any other step is told at once too, unless the bot has been coming and going: then it must hold.
//! So there are only so many changes an hour, whatever is heard, since every step up needs one down or aside before it can be
//! repeated.

use std::time::Duration;

use clock::Timestamp;

use crate::verdict::{Condition, Decision, VerdictCode};

/// Two observations this far apart are enough of what may pass by itself.
const APART: Duration = Duration::from_secs(30);
/// One observation is enough of what has been so for as long as this.
const LASTED: Duration = Duration::from_secs(60);
/// Three changes for the worse within this time are coming and going; what came and went is watched for as long again.
const WINDOW: Duration = Duration::from_secs(60 * 60);
/// How long better news must hold then, at first.
const HOLD: Duration = Duration::from_secs(10 * 60);
/// How long at most.
const LONGEST_HOLD: Duration = Duration::from_secs(60 * 60);
/// From here on [`HOLD`], doubled, is no less than [`LONGEST_HOLD`].
const MOST_DOUBLINGS: u8 = 3;
/// Who connects a bot anew wants to see it; so this is all that a bot must hold then that was disconnected and connected over and over.
const RECONNECTED: Duration = Duration::from_secs(60);

/// What was told of a connection last, and what was heard since. Plain columns: any values whatever are fit to go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The code that was told last. Of a connection of which nothing was told yet: `healthy`, which its `connected` event implied.
    pub(crate) told: VerdictCode,
    /// When it was told.
    pub(crate) told_at: Timestamp,
    /// A code that was heard last and not told yet, and since when such codes have been heard.
    pub(crate) waiting: Option<(VerdictCode, Timestamp)>,
    /// When the last three changes to another code than `healthy` were told, the latest first.
    pub(crate) changes: [Option<Timestamp>; 3],
    /// How often the time was doubled for which better news must hold.
    pub(crate) doublings: u8,
}

/// Something that is to be recorded, and published where [`Self::publication`] says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// What was told before.
    pub(crate) from: VerdictCode,
    /// What is told now; another code.
    pub(crate) to: VerdictCode,
    /// When.
    pub(crate) at: Timestamp,
}

/// What the platform hears of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Publication {
    /// The bot works again.
    Healthy,
    /// The bot does not work, for this reason.
    Degraded(VerdictCode),
}

/// What one observation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
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
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            told: VerdictCode::Healthy,
            told_at: now,
            waiting: None,
            changes: [None; 3],
            doublings: 0,
        }
    }

    /// Hears an observation; answers the change that is to be told because of it, if one is.
    ///
    /// Times may go back: the machine's clock may be set.
    pub(crate) fn hear(&mut self, heard: impl Into<Heard>, now: Timestamp) -> Option<Change> {
        self.forget_the_future(now);
        let Heard::Code(code, since) = heard.into() else {
            return None;
        };
        if code == self.told {
            self.waiting = None;
            return None;
        }
        let first_heard = self.first_heard(code, now);
        self.waiting = Some((code, first_heard));
        let has_lasted = since.is_some_and(|since| now.since(since) >= LASTED);
        let patience = self.patience(code, has_lasted, now);
        (now.since(first_heard) >= patience).then(|| self.tell(code, now))
    }

    /// From when on the code that waits would be told, if it is heard again: a good time to look again.
    #[must_use]
    pub(crate) fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let (code, first_heard) = self.waiting?;
        Some(first_heard.min(now) + self.patience(code, false, now))
    }

    fn tell(&mut self, code: VerdictCode, now: Timestamp) -> Change {
        let change = Change {
            from: self.told,
            to: code,
            at: now,
        };
        if code != VerdictCode::Healthy {
            let doublings = self.doublings.saturating_add(1).min(MOST_DOUBLINGS);
            self.doublings = if self.is_restless(now) { doublings } else { 0 };
            let [last, before, _] = self.changes;
            self.changes = [Some(now), last, before];
        }
        (self.told, self.told_at, self.waiting) = (code, now, None);
        change
    }

    /// How long a code must have been heard before it is told.
    fn patience(&self, code: VerdictCode, has_lasted: bool, now: Timestamp) -> Duration {
        let settling = if code.is_definite() || has_lasted {
            Duration::ZERO
        } else {
            APART
        };
        let is_worse = rank(code) > rank(self.told);
        if is_worse || !self.is_restless(now) {
            return settling;
        }
        match self.told.condition() {
            Condition::Disconnected => RECONNECTED,
            Condition::Healthy | Condition::Degraded => self.hold(),
        }
    }

    /// Whether the bot has been coming and going.
    fn is_restless(&self, now: Timestamp) -> bool {
        let [last, _, third] = self.changes;
        let is_within =
            |time: Option<Timestamp>, span| time.is_some_and(|time| now.since(time) <= span);
        let still = self.doublings > 0 && is_within(last, self.hold() + WINDOW);
        still || is_within(third, WINDOW)
    }

    fn hold(&self) -> Duration {
        let doublings = self.doublings.min(MOST_DOUBLINGS);
        (HOLD * (1 << doublings)).min(LONGEST_HOLD)
    }

    /// Since when codes like this one have been heard. One fault that turns into another does not begin anew.
    fn first_heard(&self, code: VerdictCode, now: Timestamp) -> Timestamp {
        let went_on = self.waiting.filter(|(waiting, _)| {
            let is_alike = waiting.condition() == code.condition();
            *waiting == code || (is_alike && code.condition() != self.told.condition())
        });
        went_on.map_or(now, |(_, since)| since)
    }

    /// After the clock was set back, nothing may wait for a time that is long to come.
    fn forget_the_future(&mut self, now: Timestamp) {
        self.told_at = self.told_at.min(now);
        self.waiting = self.waiting.map(|(code, since)| (code, since.min(now)));
        self.changes = self.changes.map(|time| time.map(|time| time.min(now)));
    }
}

impl Change {
    /// What the platform hears of it: nothing where the bot was disconnected, or connected anew, since those have events of
    /// their own that say so.
    #[must_use]
    pub(crate) fn publication(&self) -> Option<Publication> {
        match (self.from.condition(), self.to.condition()) {
            (_, Condition::Disconnected) | (Condition::Disconnected, Condition::Healthy) => None,
            (_, Condition::Degraded) => Some(Publication::Degraded(self.to)),
            (_, Condition::Healthy) => Some(Publication::Healthy),
        }
    }
}

/// How bad news is.
fn rank(code: VerdictCode) -> u8 {
    match (code.condition(), code.is_definite()) {
        (Condition::Healthy, _) => 0,
        (Condition::Degraded, false) => 1,
        (Condition::Degraded, true) => 2,
        (Condition::Disconnected, _) => 3,
    }
}

#[cfg(test)]
mod tests;
