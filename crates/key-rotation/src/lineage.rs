//! Whether a ring is the newest one that a database has seen, or newer. Keys only go forward: an id that is taken stays taken, a
//! primary key is replaced by a later one, and what is retired does not come back. So an older copy can always be told.

use connection_directory::KeyNote;
use key_ring::{KeyRing, KeyState};

use crate::error::{Error, Result};

/// Refuses a ring that is behind what was noted.
pub(crate) fn refuse_older(ring: &KeyRing, notes: &[KeyNote]) -> Result<()> {
    for note in notes {
        let now = ring.states().find(|(key, _)| *key == note.key);
        match (note.state, now) {
            (state, None) => {
                return Err(Error::OldWithoutKey {
                    key: note.key,
                    state,
                });
            }
            (KeyState::Retired, Some((key, KeyState::Primary | KeyState::Open))) => {
                return Err(Error::OldWithKey(key));
            }
            (KeyState::Primary, Some(_)) if ring.primary() < note.key => {
                return Err(Error::OldPrimary {
                    primary: ring.primary(),
                    newer: note.key,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clock::{Entropy, Timestamp};
    use ids::KeyId;

    use super::*;

    #[test]
    fn each_ring_follows_those_before_it_and_none_after_it() {
        let entropy = Entropy::seeded(1);
        let first = KeyRing::generate(KeyId::new(1), &entropy);
        let (added, second) = first.add(&entropy).unwrap();
        let promoted = added.promote(second).unwrap();
        let retired = promoted.retire(KeyId::new(1)).unwrap();
        let (third, _) = retired.add(&entropy).unwrap();
        let rings = [first, added, promoted, retired, third];
        for (noted, seen) in rings.iter().enumerate() {
            for (now, ring) in rings.iter().enumerate() {
                let accepted = refuse_older(ring, &notes(seen)).is_ok();
                assert_eq!(accepted, now >= noted, "{ring:?} after {seen:?}");
            }
        }
    }

    fn notes(ring: &KeyRing) -> Vec<KeyNote> {
        let since = Timestamp::from_unix_seconds(0);
        let note = |(key, state)| KeyNote { key, state, since };
        ring.states().map(note).collect()
    }
}
