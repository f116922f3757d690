//! One operation at a time for a project, and one talk with Telegram at a time about a bot.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Who is having a turn. Cheap to clone.
pub(crate) struct Turns<K>(Arc<Mutex<HashSet<K>>>);

/// A turn; over when dropped.
#[must_use]
pub(crate) struct Turn<K: Eq + Hash> {
    turns: Turns<K>,
    key: K,
}

impl<K: Clone + Eq + Hash> Turns<K> {
    /// The turn of this key, unless somebody else has it.
    pub(crate) fn take(&self, key: &K) -> Option<Turn<K>> {
        let mut busy = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        busy.insert(key.clone()).then(|| Turn {
            turns: self.clone(),
            key: key.clone(),
        })
    }
}

impl<K> Clone for Turns<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash> Drop for Turn<K> {
    fn drop(&mut self) {
        let mut busy = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        busy.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_had_by_one_and_ends_when_it_is_dropped() {
        let turns = Turns::default();
        let first = turns.take(&1);
        assert!(first.is_some() && turns.take(&1).is_none() && turns.take(&2).is_some());
        drop(first);
        assert!(turns.take(&1).is_some());
    }
}
