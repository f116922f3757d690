//! Things in numbered places. A place that was left is given again, and places at the end that are empty are given back.

/// Empty, it owns no more than a few places.
pub(super) struct Slab<T> {
    places: Vec<Option<T>>,
    /// Places that were left. Those beyond the end are to be passed over.
    free: Vec<u32>,
    len: usize,
}

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
            len: 0,
        }
    }

    pub(super) fn insert(&mut self, thing: T) -> u32 {
        self.len += 1;
        while let Some(number) = self.free.pop() {
            if let Some(place) = self.places.get_mut(index(number)) {
                *place = Some(thing);
                return number;
            }
        }
        self.places.push(Some(thing));
        // As many as memory holds: limits keep it far below.
        u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
    }

    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.places.get(index(number))?.as_ref()
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.places.get_mut(index(number))?.as_mut()
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<T> {
        let thing = self.places.get_mut(index(number))?.take()?;
        self.len -= 1;
        if index(number) + 1 < self.places.len() {
            self.free.push(number);
        } else {
            self.give_back();
        }
        Some(thing)
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let numbered = (0_u32..).zip(&self.places);
        numbered.filter_map(|(number, place)| Some((number, place.as_ref()?)))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places.iter_mut().flatten()
    }

    fn give_back(&mut self) {
        while self.places.pop_if(|place| place.is_none()).is_some() {}
        if self.places.is_empty() {
            self.free.clear();
        }
        shrink(&mut self.places);
        shrink(&mut self.free);
    }
}

/// A vector that holds much less than it once did is made smaller.
fn shrink<T>(vector: &mut Vec<T>) {
    if vector.capacity() > 64 && vector.len() < vector.capacity() / 4 {
        vector.shrink_to(vector.len() * 2);
    }
}

const fn index(number: u32) -> usize {
    number as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_again_and_given_back() {
        let mut slab = Slab::new();
        let numbers: Vec<_> = (0..1_000).map(|thing| slab.insert(thing)).collect();
        assert_eq!(slab.remove(numbers[7]), Some(7));
        assert_eq!(slab.remove(numbers[7]), None);
        assert_eq!(slab.insert(7_000), numbers[7]);
        assert_eq!(slab.get(numbers[7]), Some(&7_000));
        for number in &numbers[..999] {
            slab.remove(*number);
        }
        assert_eq!(slab.iter().collect::<Vec<_>>(), [(999, &999)]);
        slab.remove(999);
        assert_eq!((slab.len(), slab.places.len(), slab.free.len()), (0, 0, 0));
        assert!(slab.places.capacity() <= 64);
        // Numbers of places that are gone are not given out.
        let again: Vec<_> = (0..3).map(|thing| slab.insert(thing)).collect();
        assert_eq!(again, [0, 1, 2]);
    }

    #[test]
    fn a_number_beyond_the_end_is_passed_over() {
        let mut slab = Slab::new();
        let numbers: Vec<_> = (0..4).map(|thing| slab.insert(thing)).collect();
        slab.remove(numbers[2]);
        slab.remove(numbers[3]);
        slab.remove(numbers[0]);
        assert_eq!(slab.insert(10), 0);
        assert_eq!(slab.insert(12), 2);
        assert_eq!(slab.insert(13), 3);
        let all: Vec<_> = slab.iter().map(|(_, thing)| *thing).collect();
        assert_eq!(all, [10, 1, 12, 13]);
    }
}
