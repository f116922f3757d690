//! Where the requests lie whose updates nobody has settled yet.

use std::collections::HashMap;

use crate::bits::Quick;

/// Remembers the last so many of them; of older ones it knows nothing.
pub(crate) struct Unsettled {
    capacity: usize,
    recent: HashMap<u64, i64, Quick>,
    older: HashMap<u64, i64, Quick>,
    /// The most that there were since memory was last given back, and how often that was asked for since.
    most: usize,
    asked: u32,
}

impl Unsettled {
    /// One that holds between `capacity` and twice as many.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            recent: HashMap::default(),
            older: HashMap::default(),
            most: 0,
            asked: 0,
        }
    }

    /// An update's request lies in a segment.
    pub(crate) fn begin(&mut self, key: u64, segment: i64) {
        if self.recent.len() >= self.capacity {
            std::mem::swap(&mut self.recent, &mut self.older);
            self.recent = HashMap::default();
        }
        self.recent.insert(key, segment);
        self.most = self.most.max(self.recent.len());
    }

    /// The segment of an update's request, if that is still known. It is forgotten now.
    pub(crate) fn settle(&mut self, key: u64) -> Option<i64> {
        let recent = self.recent.remove(&key);
        recent.or_else(|| self.older.remove(&key))
    }

    /// Gives back the memory of a time when there was more to remember, now and then.
    pub(crate) fn shrink(&mut self) {
        self.asked += 1;
        if self.asked < 64 {
            return;
        }
        for map in [&mut self.recent, &mut self.older] {
            if map.capacity() > 8 * self.most.max(64) {
                map.shrink_to(2 * self.most);
            }
        }
        (self.most, self.asked) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_known_once() {
        let mut unsettled = Unsettled::new(10);
        for key in 0..100 {
            unsettled.begin(key, key as i64 * 2);
        }
        assert_eq!(unsettled.settle(3), None);
        for key in 90..100 {
            assert_eq!(unsettled.settle(key), Some(key as i64 * 2));
            assert_eq!(unsettled.settle(key), None);
        }
    }
}
