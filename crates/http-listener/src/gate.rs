//! Lets connections in, up to so many in all and by address. Where it is full, whoever has proven nothing makes room.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Limits;
use crate::seats::Seats;
use crate::watch::Watch;

pub(crate) struct Gate {
    max: usize,
    max_per_address: usize,
    seats: Mutex<Seats>,
}

/// The right to one open connection, given back when dropped.
pub(crate) struct Seat {
    gate: Arc<Gate>,
    number: u64,
    address: IpAddr,
    watch: Arc<Watch>,
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            max: limits.max_connections,
            max_per_address: limits.max_connections_per_address,
            seats: Mutex::default(),
        })
    }

    /// A seat for a peer's connection, unless this would be one too many and nobody can be evicted for it.
    pub(crate) fn enter(self: &Arc<Self>, peer: IpAddr, watch: &Arc<Watch>) -> Option<Seat> {
        let address = neighbourhood(peer);
        let mut seats = self.seats();
        let has_room = if seats.staying_of(address) >= self.max_per_address {
            seats.evict(Some(address))
        } else {
            seats.staying() < self.max || seats.evict(None)
        };
        has_room.then(|| Seat {
            gate: Arc::clone(self),
            number: seats.take(address, Arc::clone(watch)),
            address,
            watch: Arc::clone(watch),
        })
    }

    /// Connections that are open now.
    pub(crate) fn open(&self) -> usize {
        self.seats().open()
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.gate.seats();
        // Looked at under the lock, under which it is decided.
        let evicted = self.watch.standing.is_evicted();
        seats.leave(self.number, self.address, evicted);
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
mod tests;
