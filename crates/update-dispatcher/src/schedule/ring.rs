//! A queue that one may leave from the middle of.

use std::collections::BTreeMap;

/// First in, first out; whoever entered holds a ticket to leave with. Empty, it owns no memory.
pub(super) struct Ring<T> {
    next: u64,
    entries: BTreeMap<u64, T>,
}

/// A place in a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl<T> Ring<T> {
    pub(super) const fn new() -> Self {
        Self {
            next: 0,
            entries: BTreeMap::new(),
        }
    }

    pub(super) fn push(&mut self, entry: T) -> Ticket {
        let ticket = self.next;
        self.next += 1;
        self.entries.insert(ticket, entry);
        Ticket(ticket)
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        self.entries.pop_first().map(|(_, entry)| entry)
    }

    pub(super) fn remove(&mut self, ticket: Ticket) {
        self.entries.remove(&ticket.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
