//! Who sits where: the open connections, in all and by address, and among them the unproven in order of age.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use crate::watch::Watch;

#[derive(Default)]
pub(crate) struct Seats {
    /// Connections are numbered as they come.
    next: u64,
    open: usize,
    /// Evicted, and still being closed.
    leaving: usize,
    /// The unproven, and those that have proven themselves since: these are struck off when they are next looked at, which
    /// keeps the gate out of their way.
    unproven: BTreeMap<u64, Guest>,
    by_address: HashMap<IpAddr, Party>,
}

struct Guest {
    address: IpAddr,
    watch: Arc<Watch>,
}

/// All connections of one address but those that are leaving.
#[derive(Default)]
struct Party {
    staying: usize,
    unproven: BTreeSet<u64>,
}

/// How many of the oldest are looked at for one with nothing in flight.
pub(crate) const LOOKED_AT: usize = 8;

/// By how many the open connections may be more than the limit because some that were evicted have not had their turn to close.
/// As many as are accepted in one go.
pub(crate) const LEAVING_AT_MOST: usize = 128;

impl Seats {
    /// All that are open, also those that are leaving.
    pub(crate) fn open(&self) -> usize {
        self.open
    }

    pub(crate) fn staying(&self) -> usize {
        self.open - self.leaving
    }

    pub(crate) fn staying_of(&self, address: IpAddr) -> usize {
        self.by_address
            .get(&address)
            .map_or(0, |party| party.staying)
    }

    /// Seats one more, unproven and younger than all others, and answers its number.
    pub(crate) fn take(&mut self, address: IpAddr, watch: Arc<Watch>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.open += 1;
        let party = self.by_address.entry(address).or_default();
        party.staying += 1;
        party.unproven.insert(number);
        self.unproven.insert(number, Guest { address, watch });
        number
    }

    /// A connection is closed.
    pub(crate) fn leave(&mut self, number: u64, address: IpAddr, evicted: bool) {
        self.open -= 1;
        if evicted {
            self.leaving -= 1;
        } else {
            self.strike_off(number);
            self.rise(address);
        }
    }

    /// Asks the oldest unproven connection to end, in all or of an address; rather one with nothing in flight, if there is one
    /// among the oldest few. Answers whether there was one.
    pub(crate) fn evict(&mut self, of: Option<IpAddr>) -> bool {
        if self.leaving >= LEAVING_AT_MOST {
            return false;
        }
        while let Some(guest) = self.choice(of).and_then(|number| self.strike_off(number)) {
            if guest.watch.standing.evict() {
                self.leaving += 1;
                self.rise(guest.address);
                return true;
            }
        }
        false
    }

    /// Whom to evict, or whom to strike off first because it is proven.
    fn choice(&self, of: Option<IpAddr>) -> Option<u64> {
        match of {
            None => self.first_choice(self.unproven.keys()),
            Some(address) => self.first_choice(self.by_address.get(&address)?.unproven.iter()),
        }
    }

    fn first_choice<'a>(&self, by_age: impl Iterator<Item = &'a u64> + Clone) -> Option<u64> {
        let mut oldest = by_age.clone().take(LOOKED_AT);
        let is_first = |number: &&u64| {
            let guest = self.unproven.get(number);
            guest.is_some_and(|guest| {
                guest.watch.standing.is_proven() || guest.watch.is_before_request()
            })
        };
        oldest.find(is_first).or(by_age.clone().next()).copied()
    }

    fn strike_off(&mut self, number: u64) -> Option<Guest> {
        let guest = self.unproven.remove(&number)?;
        if let Some(party) = self.by_address.get_mut(&guest.address) {
            party.unproven.remove(&number);
        }
        Some(guest)
    }

    #[cfg(test)]
    pub(crate) fn listed(&self) -> usize {
        self.unproven.len()
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.open == 0
            && self.leaving == 0
            && self.unproven.is_empty()
            && self.by_address.is_empty()
    }

    /// One of an address stays no longer.
    fn rise(&mut self, address: IpAddr) {
        if let Entry::Occupied(mut party) = self.by_address.entry(address) {
            party.get_mut().staying -= 1;
            if party.get().staying == 0 {
                party.remove();
            }
        }
    }
}
