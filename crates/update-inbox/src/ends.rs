//! What the dispatcher told of updates, until it is on disk.

use std::collections::BTreeMap;

use update_dispatcher::{Dead, Queued, Retry, Seq};

use crate::sessions::Told;

/// What the dispatcher told of an update that is not finished. Of two tellings the later counts.
#[derive(Clone)]
pub(crate) enum End {
    Dead(Dead),
    Retry(Retry),
}

/// What the dispatcher told of updates.
#[derive(Clone, Default)]
pub(crate) struct Ends {
    /// Final: nothing is told of these after that.
    pub(crate) finished: Vec<Seq>,
    pub(crate) others: BTreeMap<Seq, End>,
    /// Changes of sessions that ride with these, in the order in which they were told.
    pub(crate) sessions: Vec<Told>,
}

impl Ends {
    pub(crate) fn len(&self) -> usize {
        self.finished.len() + self.others.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of these updates are over.
    pub(crate) fn settled(&self) -> usize {
        let dead = self
            .others
            .values()
            .filter(|end| matches!(end, End::Dead(_)));
        self.finished.len() + dead.count()
    }

    /// Adds what is of other updates and other sessions.
    pub(crate) fn add(&mut self, more: Self) {
        self.finished.extend(more.finished);
        self.others.extend(more.others);
        self.sessions.extend(more.sessions);
    }

    /// Takes back what was told before all that is here.
    pub(crate) fn precede(&mut self, mut earlier: Self) {
        earlier.sessions.append(&mut self.sessions);
        self.sessions = earlier.sessions;
        self.finished.extend(earlier.finished);
        for (seq, end) in earlier.others {
            self.others.entry(seq).or_insert(end);
        }
    }
}

impl End {
    fn retry(&self) -> Option<&Retry> {
        match self {
            Self::Retry(retry) => Some(retry),
            Self::Dead(_) => None,
        }
    }
}

/// What was told of updates and is not in the database yet: those that are over, and what is known of the next attempt.
pub(crate) struct Overlay(BTreeMap<Seq, Option<Retry>>);

impl Overlay {
    /// Of what was told first, and after it.
    pub(crate) fn of(tellings: [&Ends; 2]) -> Self {
        let mut overlay = BTreeMap::new();
        for told in tellings {
            let others = told.others.iter();
            overlay.extend(others.map(|(seq, end)| (*seq, end.retry().cloned())));
        }
        // Final, whatever else was told.
        for told in tellings {
            overlay.extend(told.finished.iter().map(|seq| (*seq, None)));
        }
        Self(overlay)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Corrects what the database says.
    pub(crate) fn correct(&self, mut page: Vec<Queued>) -> Vec<Queued> {
        page.retain_mut(|queued| match self.0.get(&queued.seq) {
            None => true,
            Some(None) => false,
            Some(Some(retry)) => {
                queued.progress = retry.progress;
                queued.attempts = retry.attempts;
                queued.not_before = Some(retry.not_before);
                queued.history.clone_from(&retry.history);
                true
            }
        });
        page
    }
}
