//! Queues that one may leave from the middle of. Many of them share one store, so that one of a single entry costs nothing.

use super::slab::Slab;

/// First in, first out; whoever entered holds a ticket to leave with. Its entries are in the store that is named with it.
#[derive(Default)]
pub(super) struct Ring {
    ends: Option<(Ticket, Ticket)>,
}

/// A place in a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(u32);

/// The entries of rings.
pub(super) struct Entries<T>(Slab<Entry<T>>);

struct Entry<T> {
    what: T,
    before: Option<Ticket>,
    after: Option<Ticket>,
}

impl Ring {
    pub(super) const fn is_empty(&self) -> bool {
        self.ends.is_none()
    }
}

impl<T> Entries<T> {
    pub(super) const fn new() -> Self {
        Self(Slab::new())
    }

    pub(super) fn push(&mut self, ring: &mut Ring, what: T) -> Ticket {
        let before = ring.ends.map(|(_, last)| last);
        let entry = Entry {
            what,
            before,
            after: None,
        };
        let ticket = Ticket(self.0.insert(entry));
        if let Some(last) = before.and_then(|last| self.0.get_mut(last.0)) {
            last.after = Some(ticket);
        }
        ring.ends = Some((ring.ends.map_or(ticket, |(first, _)| first), ticket));
        ticket
    }

    pub(super) fn pop(&mut self, ring: &mut Ring) -> Option<T> {
        let (first, _) = ring.ends?;
        self.remove(ring, first)
    }

    /// Takes out whoever holds this ticket of this ring.
    pub(super) fn remove(&mut self, ring: &mut Ring, ticket: Ticket) -> Option<T> {
        let Entry {
            what,
            before,
            after,
        } = self.0.remove(ticket.0)?;
        let (first, last) = ring.ends?;
        if let Some(entry) = before.and_then(|before| self.0.get_mut(before.0)) {
            entry.after = after;
        }
        if let Some(entry) = after.and_then(|after| self.0.get_mut(after.0)) {
            entry.before = before;
        }
        let first = if first == ticket { after } else { Some(first) };
        let last = if last == ticket { before } else { Some(last) };
        ring.ends = first.zip(last);
        Some(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_that_share_a_store_keep_their_order_and_may_be_left_anywhere() {
        let mut entries = Entries::new();
        let (mut one, mut other) = (Ring::default(), Ring::default());
        let tickets: Vec<_> = (0..6)
            .map(|number| {
                entries.push(&mut other, number + 100);
                entries.push(&mut one, number)
            })
            .collect();
        for leaves in [0, 3, 5] {
            let left = entries.remove(&mut one, tickets[leaves]);
            assert_eq!(left.map(|number| number as usize), Some(leaves));
        }
        entries.push(&mut one, 6);
        let rest: Vec<_> = std::iter::from_fn(|| entries.pop(&mut one)).collect();
        assert_eq!(rest, [1, 2, 4, 6]);
        assert!(one.is_empty() && !other.is_empty());
        let rest: Vec<_> = std::iter::from_fn(|| entries.pop(&mut other)).collect();
        assert_eq!(rest, (100..106).collect::<Vec<_>>());
        assert_eq!(entries.0.len(), 0);
    }
}
