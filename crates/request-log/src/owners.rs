//! Which segments hold which project: a sorted list of keys per segment, and an index over each run of segments.

use std::collections::BTreeMap;

/// Segments that are indexed together.
pub(crate) const RUN: i64 = 64;

/// The number of the run that a segment belongs to.
pub(crate) const fn run_of(segment: i64) -> i64 {
    segment.div_euclid(RUN)
}

/// The part of a run's index that a key stands in: there are 64, so that a reader fetches little.
pub(crate) const fn part_of(key: u32) -> i64 {
    (key >> 26) as i64
}

/// A segment's list, as it is stored.
pub(crate) fn pack(keys: &[u32]) -> Vec<u8> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().flat_map(u32::to_be_bytes).collect()
}

/// Whether a stored list has a key.
pub(crate) fn holds(list: &[u8], key: u32) -> bool {
    let (keys, _) = list.as_chunks::<4>();
    keys.binary_search(&key.to_be_bytes()).is_ok()
}

/// The parts of a run's index, from its segments' lists.
pub(crate) fn index(lists: &[(i64, Vec<u8>)]) -> BTreeMap<i64, Vec<u8>> {
    let mut found: Vec<(u32, u64)> = Vec::new();
    for (segment, list) in lists {
        let bit = 1 << segment.rem_euclid(RUN);
        let (keys, _) = list.as_chunks::<4>();
        found.extend(keys.iter().map(|key| (u32::from_be_bytes(*key), bit)));
    }
    found.sort_unstable();
    let mut parts: BTreeMap<i64, Vec<u8>> = BTreeMap::new();
    for same in found.chunk_by(|(one, _), (other, _)| one == other) {
        let bits = same.iter().fold(0_u64, |bits, (_, bit)| bits | bit);
        let key = same[0].0;
        let part = parts.entry(part_of(key)).or_default();
        part.extend(key.to_be_bytes());
        part.extend(bits.to_be_bytes());
    }
    parts
}

/// The segments of a run that hold a key, as bits from the first one on, by the part of the index that the key stands in.
pub(crate) fn look_up(part: &[u8], key: u32) -> u64 {
    let (entries, _) = part.as_chunks::<12>();
    let split = |entry: &[u8; 12]| {
        let [a, b, c, d, bits @ ..] = *entry;
        (u32::from_be_bytes([a, b, c, d]), u64::from_be_bytes(bits))
    };
    match entries.binary_search_by_key(&key, |entry| split(entry).0) {
        Ok(at) => split(&entries[at]).1,
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_knows_what_the_lists_know() {
        let keys_of = |segment: i64| -> Vec<u32> {
            let of = (segment as u32).wrapping_mul(0x9e37_79b9);
            (0..50).map(|n| ((of ^ n) % 700) << 22).collect()
        };
        let lists: Vec<(i64, Vec<u8>)> = (128..192)
            .map(|segment| (segment, pack(&keys_of(segment))))
            .collect();
        let parts = index(&lists);
        assert!(parts.len() > 32);
        for key in (0..1_000).map(|n| n << 22) {
            let none = Vec::new();
            let bits = look_up(parts.get(&part_of(key)).unwrap_or(&none), key);
            for (segment, list) in &lists {
                let is_there = bits >> (segment % RUN) & 1 == 1;
                assert_eq!(is_there, holds(list, key), "{key} {segment}");
            }
        }
    }

    #[test]
    fn damaged_bytes_hold_nothing_that_panics() {
        assert!(!holds(&[1, 2, 3], 7));
        assert_eq!(look_up(&[0; 13], 7), 0);
    }
}
