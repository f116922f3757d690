//! Counts open connections, in all and by address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use crate::Limits;

pub(crate) struct Gate {
    max: usize,
    max_per_address: usize,
    seats: Mutex<Seats>,
}

#[derive(Default)]
struct Seats {
    taken: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The right to one open connection, given back when dropped.
pub(crate) struct Seat {
    gate: Arc<Gate>,
    address: IpAddr,
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            max: limits.max_connections,
            max_per_address: limits.max_connections_per_address,
            seats: Mutex::default(),
        })
    }

    /// A seat for a peer, unless this would be one too many.
    pub(crate) fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Seat> {
        let address = neighbourhood(peer);
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if seats.taken >= self.max {
            return None;
        }
        let of_address = seats.by_address.entry(address).or_default();
        if *of_address >= self.max_per_address {
            return None;
        }
        *of_address += 1;
        seats.taken += 1;
        Some(Seat {
            gate: Arc::clone(self),
            address,
        })
    }

    pub(crate) fn taken(&self) -> usize {
        let seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.taken
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self
            .gate
            .seats
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        seats.taken -= 1;
        if let Entry::Occupied(mut of_address) = seats.by_address.entry(self.address) {
            *of_address.get_mut() -= 1;
            if *of_address.get() == 0 {
                of_address.remove();
            }
        }
    }
}

/// What one party is likely to hold: an IPv4 address, or a /64 of IPv6.
fn neighbourhood(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_given_back_can_be_taken_again() {
        let gate = Gate::new(&Limits {
            max_connections: 3,
            max_connections_per_address: 2,
            ..Limits::default()
        });
        let peer = |text: &str| text.parse::<IpAddr>().unwrap();
        let first = gate.enter(peer("2001:db8::1")).unwrap();
        let _second = gate.enter(peer("2001:db8::2")).unwrap();
        assert!(gate.enter(peer("2001:db8::3")).is_none(), "the same /64");
        let _other = gate.enter(peer("192.0.2.1")).unwrap();
        assert!(gate.enter(peer("192.0.2.2")).is_none(), "full");
        drop(first);
        assert_eq!(gate.taken(), 2);
        assert!(gate.enter(peer("::ffff:192.0.2.1")).is_some());
    }
}
