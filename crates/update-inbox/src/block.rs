//! Which of 1,024 neighbouring update ids have come, in as much memory as they need: most connections bring only a few of a block.

use std::time::Duration;

use clock::Timestamp;
use telegram_bot_api::UpdateId;

/// Some of the ids of a block, void 72 hours after the last new one.
#[derive(Clone)]
pub(crate) struct Block {
    ids: Ids,
    touched_at_us: i64,
    /// Whether it differs from what is on disk.
    pub(crate) changed: bool,
}

/// As the database has them: a bit for each id.
pub(crate) type Bits = [u8; BLOCK / 8];

#[derive(Clone)]
enum Ids {
    /// Their places in the block, in the order in which they came.
    Few {
        count: u8,
        places: [u16; FEW],
    },
    Many(Box<Bits>),
}

impl Block {
    pub(crate) const fn empty() -> Self {
        Self {
            ids: Ids::NONE,
            touched_at_us: i64::MIN,
            changed: false,
        }
    }

    /// What the database has.
    pub(crate) fn stored(bits: &Bits, touched_at_us: i64) -> Self {
        Self {
            ids: Ids::of(bits),
            touched_at_us,
            changed: false,
        }
    }

    /// Notes an id, and answers whether it was not there.
    pub(crate) fn mark(&mut self, id: UpdateId, now: Timestamp) -> bool {
        if now.since(Timestamp::from_unix_us(self.touched_at_us)) > HORIZON {
            self.ids = Ids::NONE;
        }
        // The remainder is less than a block.
        let new = self.ids.add(id.value().rem_euclid(BLOCK as i64) as u16);
        if new {
            self.touched_at_us = now.unix_us().max(self.touched_at_us);
        }
        new
    }

    /// Corrects when it was touched, if a clock that was set wrong said so: it would not become void for as long.
    pub(crate) fn correct(&mut self, latest: Timestamp) {
        self.touched_at_us = self.touched_at_us.min(latest.unix_us());
    }

    pub(crate) fn bits(&self) -> Bits {
        match &self.ids {
            Ids::Few { count, places } => {
                let mut bits = [0; BLOCK / 8];
                for place in &places[..usize::from(*count)] {
                    set(&mut bits, *place);
                }
                bits
            }
            Ids::Many(bits) => **bits,
        }
    }

    /// When the last new id came.
    pub(crate) const fn touched_at_us(&self) -> i64 {
        self.touched_at_us
    }
}

impl Ids {
    const NONE: Self = Self::Few {
        count: 0,
        places: [0; FEW],
    };

    fn of(bits: &Bits) -> Self {
        let count: u32 = bits.iter().map(|byte| byte.count_ones()).sum();
        if count as usize > FEW {
            return Self::Many(Box::new(*bits));
        }
        let mut ids = Self::NONE;
        for place in (0..BLOCK as u16).filter(|place| is_set(bits, *place)) {
            ids.add(place);
        }
        ids
    }

    /// Adds the id at a place, and answers whether it was not there.
    fn add(&mut self, place: u16) -> bool {
        match self {
            Self::Many(bits) => set(bits, place),
            Self::Few { count, places } => {
                let used = usize::from(*count);
                if places[..used].contains(&place) {
                    return false;
                }
                if let Some(free) = places.get_mut(used) {
                    *free = place;
                    *count += 1;
                } else {
                    let mut bits = Box::new([0; BLOCK / 8]);
                    for place in places.iter().chain([&place]) {
                        set(&mut bits, *place);
                    }
                    *self = Self::Many(bits);
                }
                true
            }
        }
    }
}

/// Sets the bit of a place, and answers whether it was not set.
fn set(bits: &mut Bits, place: u16) -> bool {
    let new = !is_set(bits, place);
    bits[usize::from(place / 8)] |= 1 << (place % 8);
    new
}

fn is_set(bits: &Bits, place: u16) -> bool {
    bits[usize::from(place / 8)] & 1 << (place % 8) != 0
}

/// Ids in a block.
pub(crate) const BLOCK: usize = 1_024;

/// As many as fit where a pointer to the bits would stand, with what tells one from the other.
const FEW: usize = 7;

/// How long an update that came is known to have come. Telegram brings one again for at most 24 hours.
pub(crate) const HORIZON: Duration = Duration::from_secs(72 * 3_600);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_block_knows_its_ids_for_72_hours_after_the_last_new_one() {
        let start = Timestamp::from_unix_seconds(1_000_000);
        let mut block = Block::empty();
        for id in [0, 1, 7, 8, 1_023] {
            assert!(block.mark(UpdateId(id), start), "{id}");
            assert!(!block.mark(UpdateId(id), start), "{id}");
        }
        assert!(!block.mark(UpdateId(7), start + HORIZON));
        assert!(block.mark(UpdateId(2), start + HORIZON));
        assert!(!block.mark(UpdateId(7), start + HORIZON + HORIZON));
        let later = start + HORIZON + HORIZON + Duration::from_secs(1);
        assert!(block.mark(UpdateId(7), later));
        assert!(block.mark(UpdateId(1), later));
    }

    #[test]
    fn a_clock_that_goes_back_forgets_nothing() {
        let start = Timestamp::from_unix_seconds(1_000_000);
        let mut block = Block::empty();
        assert!(block.mark(UpdateId(7), start));
        assert!(!block.mark(UpdateId(7), Timestamp::from_unix_seconds(0)));
    }

    #[test]
    fn a_block_is_the_same_after_the_database_however_many_it_holds() {
        let now = Timestamp::from_unix_seconds(1_000_000);
        let mut block = Block::empty();
        let mut known = BTreeSet::new();
        // Each id of the block, far from the one before, and below zero too.
        for step in 0..BLOCK as i64 {
            let id = (step * 389) % BLOCK as i64 - BLOCK as i64;
            assert!(block.mark(UpdateId(id), now), "{id}");
            known.insert(id);
            if step > 12 && step % 100 != 0 {
                continue;
            }
            block = Block::stored(&block.bits(), block.touched_at_us());
            let ones: u32 = block.bits().iter().map(|byte| byte.count_ones()).sum();
            assert_eq!(ones as usize, known.len());
            for id in &known {
                assert!(!block.mark(UpdateId(*id), now), "{id} of {}", known.len());
            }
        }
    }

    #[test]
    fn a_block_of_few_ids_is_small() {
        assert!(size_of::<Block>() <= 32, "{}", size_of::<Block>());
    }
}
