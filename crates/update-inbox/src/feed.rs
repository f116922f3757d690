//! Hands stored updates to the dispatcher in the order of their numbers: at once as long as it has room, and from the database
//! where it had none, or after a start.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use update_dispatcher::{Dispatcher, Offered, Queued, Seq};

/// Whom stored updates are handed to: the dispatcher, or a list in a test.
pub trait Dispatch: Send + Sync + 'static {
    /// Offers updates. It must not block.
    fn offer_all(&self, updates: Vec<Queued>) -> Offered;

    /// Waits until there is room again, after [`Offer::Full`](update_dispatcher::Offer::Full).
    fn room(&self) -> impl Future<Output = ()> + Send;
}

impl Dispatch for Dispatcher {
    fn offer_all(&self, updates: Vec<Queued>) -> Offered {
        Self::offer_all(self, updates)
    }

    async fn room(&self) {
        Self::room(self).await;
    }
}

/// How far the dispatcher has been handed what is stored.
pub(crate) struct Feed {
    state: Mutex<State>,
    fell_behind: Notify,
}

struct State {
    offer: Option<OfferFn>,
    /// Whether the database must be read: then the writer hands nothing over by itself.
    behind: bool,
    /// Everything up to here was handed over.
    cursor: Seq,
    /// Everything stored has a number up to here, but for a commit whose answer was lost.
    tip: Seq,
    /// Counts the calls of [`Feed::fall_behind`]: what was read before one does not answer it.
    falls: u64,
}

/// What a reading of the database is to make up for.
#[derive(Clone, Copy)]
pub(crate) struct Lag {
    /// Everything up to here was handed over.
    pub(crate) cursor: Seq,
    tip: Seq,
    falls: u64,
}

type OfferFn = Arc<dyn Fn(Vec<Queued>) -> Offered + Send + Sync>;

impl Feed {
    /// Behind from the start: what was pending when the process ended is handed over first.
    pub(crate) fn new(tip: Seq) -> Self {
        let state = State {
            offer: None,
            behind: true,
            cursor: Seq::ZERO,
            tip,
            falls: 0,
        };
        Self {
            state: Mutex::new(state),
            fell_behind: Notify::new(),
        }
    }

    pub(crate) fn attach(&self, offer: OfferFn) {
        self.lock().offer = Some(offer);
    }

    /// Lets go of the dispatcher, which holds on to the journal.
    pub(crate) fn detach(&self) {
        self.lock().offer = None;
    }

    /// Hands over what a commit has stored, unless older updates must go first. Answers what nobody has in memory now.
    #[must_use]
    pub(crate) fn hand_over(&self, stored: Vec<Queued>) -> Vec<Seq> {
        let Some(tip) = stored.last().map(|queued| queued.seq) else {
            return Vec::new();
        };
        let (offer, cursor) = {
            let mut state = self.lock();
            state.tip = tip;
            match &state.offer {
                Some(offer) if !state.behind => (Arc::clone(offer), state.cursor),
                _ => return stored.iter().map(|queued| queued.seq).collect(),
            }
        };
        // Between the commit and here the feeder may have read some of it, and caught up.
        let offered = offer(stored.into_iter().filter(|one| one.seq > cursor).collect());
        let left = offered.left.iter().map(|(seq, _)| *seq);
        let left = left.chain(offered.rest.iter().map(|one| one.seq)).collect();
        match offered.rest.first() {
            Some(first) => {
                self.advance(before(first.seq));
                self.fall_behind();
            }
            None => self.advance(tip),
        }
        left
    }

    /// Whether what is stored now is left to be read from the database.
    pub(crate) fn is_behind(&self) -> bool {
        let state = self.lock();
        state.behind || state.offer.is_none()
    }

    /// From now on the database is read: something may be stored that was not handed over.
    pub(crate) fn fall_behind(&self) {
        let mut state = self.lock();
        state.behind = true;
        state.falls += 1;
        drop(state);
        self.fell_behind.notify_one();
    }

    /// Waits until the database must be read.
    pub(crate) async fn behind(&self) -> Lag {
        loop {
            let notified = self.fell_behind.notified();
            {
                let state = self.lock();
                if state.behind {
                    return Lag {
                        cursor: state.cursor,
                        tip: state.tip,
                        falls: state.falls,
                    };
                }
            }
            notified.await;
        }
    }

    /// The last update that was handed over.
    pub(crate) fn passed(&self) -> Seq {
        self.lock().cursor
    }

    /// An update was handed over, and everything before it.
    pub(crate) fn advance(&self, seq: Seq) {
        let mut state = self.lock();
        state.cursor = state.cursor.max(seq);
    }

    /// Everything was handed over that the database held after `lag` was answered. If nothing was stored since, and nobody fell
    /// behind again, the writer hands over again.
    pub(crate) fn caught_up(&self, lag: Lag) {
        let mut state = self.lock();
        state.cursor = state.cursor.max(lag.tip);
        // What was stored since the question may have been read along with it.
        state.behind = state.tip > state.cursor || state.falls != lag.falls;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn before(seq: Seq) -> Seq {
    Seq::new(seq.value() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_falls_behind_while_the_database_is_read_is_still_behind() {
        let feed = Feed::new(Seq::ZERO);
        let first = feed.behind().await;
        // The database has been read, and then a commit's answer is lost.
        feed.fall_behind();
        feed.caught_up(first);
        assert!(feed.lock().behind);
        let second = feed.behind().await;
        feed.caught_up(second);
        assert!(!feed.lock().behind);
    }
}
