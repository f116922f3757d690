//! Maps that were large give their memory back.

use std::collections::HashMap;
use std::hash::Hash;

/// Gives memory back when a map holds much less than it once did.
pub(super) fn shrink<K: Eq + Hash, V>(map: &mut HashMap<K, V>) {
    if map.capacity() > 64 && map.len() < map.capacity() / 4 {
        map.shrink_to(map.len() * 2);
    }
}
