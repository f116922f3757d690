//! What becomes of an update that is offered to the dispatcher.

/// What the dispatcher answers to an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It is in memory and will be handled. Also the answer to an update that is there already.
    Loaded,
    /// Its lane, or its connection, has more waiting than memory is given to it. The dispatcher asks
    /// [`crate::Journal::refill`] or [`crate::Journal::backlog`] for it in due course; nothing is left to do.
    Spilled,
    /// There is no room at all: keep it, wait for [`crate::Dispatcher::room`], and offer it again.
    Full,
    /// Its connection is paused. [`crate::Dispatcher::resume`] will ask [`crate::Journal::backlog`] for it; nothing is
    /// left to do.
    Paused,
    /// The dispatcher is being drained: it takes nothing any more.
    Closed,
}
