//! What becomes of updates that are offered to the dispatcher.

use crate::{Queued, Seq};

/// What the dispatcher answers to an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It is in memory and will be handled. Also the answer to an update that is there already.
    Loaded,
    /// Its lane, or its connection, has more waiting than memory is given to it. The dispatcher asks
    /// [`crate::Journal::refill`] or [`crate::Journal::backlog`] for it in due course; it is not offered again.
    Spilled,
    /// There is no room at all: keep it, wait for [`crate::Dispatcher::room`], and offer it again.
    Full,
    /// Its connection is paused. [`crate::Dispatcher::resume`] will ask [`crate::Journal::backlog`] for it; it is not
    /// offered again.
    Paused,
    /// The dispatcher is being drained: it takes nothing any more.
    Closed,
}

/// What became of the updates that were offered at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offered {
    /// How many were [`Offer::Loaded`].
    pub loaded: usize,
    /// Those that were [`Offer::Spilled`] or [`Offer::Paused`], in order: in nobody's memory. They are not offered again, but from now
    /// on [`crate::Journal::refill`] and [`crate::Journal::backlog`] must answer them.
    pub left: Vec<(Seq, Offer)>,
    /// Why the rest was not looked at: [`Offer::Full`] or [`Offer::Closed`].
    pub stopped: Option<Offer>,
    /// The first update for which there was no room and all that follow, as they were offered.
    pub rest: Vec<Queued>,
}
