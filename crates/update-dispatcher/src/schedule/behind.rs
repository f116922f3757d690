//! Whether a connection takes what is offered, and what is known of what it left on disk.

use super::terms::Asking;
use crate::Seq;
use crate::item::Item;

/// Whether a connection takes what is offered.
pub(super) enum Gate {
    Open,
    /// Nothing; and this was the last one that it was offered.
    Paused {
        passed: Seq,
    },
    /// Only what comes from its backlog.
    Behind(Behind),
}

/// A connection of which some updates are on disk alone.
pub(super) struct Behind {
    /// Everything up to here has been read.
    pub(super) after: Seq,
    /// The last one that was offered and left on disk.
    pub(super) upto: Seq,
    pub(super) asking: Asking,
    /// What ended while a question was on its way, and may be in the answer.
    pub(super) ended: Vec<Seq>,
    /// What ran when the connection was paused and is to be tried again, but not before those that were waiting in front
    /// of it have been read.
    #[expect(
        clippy::vec_box,
        reason = "items are boxed wherever they are: they move"
    )]
    pub(super) held: Vec<Box<Item>>,
}

impl Behind {
    pub(super) const fn new(after: Seq, upto: Seq) -> Self {
        Self {
            after,
            upto,
            asking: Asking::No,
            ended: Vec::new(),
            held: Vec::new(),
        }
    }

    pub(super) fn note_end(&mut self, seq: Seq) {
        if seq > self.after && matches!(self.asking, Asking::Asked(_)) {
            self.ended.push(seq);
        }
    }

    pub(super) fn take_held(&mut self, seq: Seq) -> Option<Box<Item>> {
        let place = self.held.iter().position(|item| item.queued.seq == seq)?;
        Some(self.held.swap_remove(place))
    }
}
