//! What operators do with updates that failed, and with bots whose updates are to wait.

use std::sync::{MutexGuard, PoisonError};

use bytes::Bytes;
use ids::ConnectionId;
use telegram_bot_api::Envelope;
use tokio::sync::oneshot;
use update_dispatcher::Seq;

use crate::dead::{self, DeadLetter, Quarantined};
use crate::error::{Error, Result};
use crate::inbox::{Inbox, page};
use crate::intake::Order;
use crate::journal::spread;
use crate::received::{Receipt, Received};
use crate::{held, kept};

/// What became of an unreadable request that was read once more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reread {
    /// It is an update now, and will be handled.
    Stored,
    /// It is an update now, and had come before.
    Duplicate,
    /// It is still none, for this reason, and stays where it is.
    Unreadable(String),
}

impl Inbox {
    /// A dead letter and the update's body, which is what people wrote to a bot: not for a log, nor for a list.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn dead_find(&self, seq: Seq) -> Result<Option<(DeadLetter, Bytes)>> {
        let mut connection = self.shared.database.connect().await?;
        Ok(kept::dead(&mut connection, seq).await?)
    }

    /// An unreadable request and its body, of which the same holds.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn quarantine_find(&self, seq: Seq) -> Result<Option<(Quarantined, Bytes)>> {
        let mut connection = self.shared.database.connect().await?;
        Ok(kept::quarantined(&mut connection, seq).await?)
    }

    /// The requests that could not be read, of a connection or of all, after a number, in order, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn quarantine_list_of(
        &self,
        owner: Option<&ConnectionId>,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Quarantined>> {
        let mut connection = self.shared.database.connect().await?;
        Ok(dead::quarantined(&mut connection, owner, after, page(limit)).await?)
    }

    /// Deletes a dead letter or an unreadable request for good; answers whether there was one with this number.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn discard(&self, seq: Seq) -> Result<bool> {
        let mut connection = self.shared.database.connect().await?;
        Ok(kept::discard(&mut connection, seq).await?)
    }

    /// Puts back all dead letters of a connection, or of all, that are there now, in the order of their numbers, as
    /// [`Self::dead_replay`] does. Answers how many.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Unavailable`]: then some may have been put back.
    pub async fn dead_replay_all(&self, owner: Option<&ConnectionId>) -> Result<usize> {
        let mut connection = self.shared.database.connect().await?;
        // What dies again while this goes on has a higher number, and is not tried for ever.
        let last = crate::pending::tip(&mut connection).await?;
        let (mut after, mut replayed) = (Seq::ZERO, 0);
        loop {
            let mut letters = dead::list(&mut connection, owner, after, AT_ONCE).await?;
            letters.retain(|letter| letter.seq <= last);
            let Some(newest) = letters.last().map(|letter| letter.seq) else {
                return Ok(replayed);
            };
            after = newest;
            // In one commit, most likely.
            let asked = letters.into_iter().map(|letter| {
                let (answer, answered) = oneshot::channel();
                self.shared.intake.order(Order::Replay(letter.seq, answer));
                answered
            });
            for answered in asked.collect::<Vec<_>>() {
                let put_back = answered.await.map_err(|_| Error::Unavailable)?;
                replayed += usize::from(put_back.is_some());
            }
        }
    }

    /// Reads an unreadable request once more, as after an upgrade; nothing when there is none with this number.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Unavailable`]: then it is where it was.
    pub async fn quarantine_replay(&self, seq: Seq) -> Result<Option<Reread>> {
        let Some((request, body)) = self.quarantine_find(seq).await? else {
            return Ok(None);
        };
        let envelope = match Envelope::read(&body) {
            Ok(envelope) => envelope,
            Err(fault) => return Ok(Some(Reread::Unreadable(fault.to_string()))),
        };
        let received = Received::new(request.connection, &envelope, self.shared.clock.now(), body);
        let receipt = self.receive(received).await;
        let receipt = receipt.map_err(|_| Error::Unavailable)?;
        // After a crash in between it is read again, and found to be a duplicate.
        self.discard(seq).await?;
        Ok(Some(match receipt {
            Receipt::Stored => Reread::Stored,
            Receipt::Duplicate => Reread::Duplicate,
        }))
    }

    /// Notes that a connection's updates are to wait, also after a restart, until [`Self::release`]. They are stored as ever, and
    /// unlike those of a disconnected one they do not expire. The dispatcher's own pause is to be called next.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn hold(&self, owner: &ConnectionId) -> Result<()> {
        let mut connection = self.shared.database.connect().await?;
        held::add(&mut connection, owner, self.shared.clock.now()).await?;
        self.held_ones().insert(owner.clone());
        Ok(())
    }

    /// Lets a connection's updates go on, and answers the last update that was handed over: what the dispatcher's own resume, to
    /// be called next, asks for. Nothing when they were not held.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Unavailable`]: then they go on waiting.
    pub async fn release(&self, owner: &ConnectionId) -> Result<Option<Seq>> {
        if !self.is_held(owner) {
            return Ok(None);
        }
        // The dispatcher has let go of what waited, and reads it from rows.
        spread(&self.shared, true).await?;
        let mut connection = self.shared.database.connect().await?;
        held::remove(&mut connection, owner).await?;
        self.held_ones().remove(owner);
        Ok(Some(self.shared.feed.passed()))
    }

    /// Whether a connection's updates are to wait because an operator said so.
    #[must_use]
    pub fn is_held(&self, owner: &ConnectionId) -> bool {
        self.held_ones().contains(owner)
    }

    /// All whose updates are to wait because an operator said so: at a start, to be paused before [`Self::attach`].
    #[must_use]
    pub fn held(&self) -> Vec<ConnectionId> {
        self.held_ones().iter().cloned().collect()
    }

    fn held_ones(&self) -> MutexGuard<'_, std::collections::BTreeSet<ConnectionId>> {
        let held = self.shared.held.lock();
        held.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Dead letters that are put back together.
const AT_ONCE: i64 = 200;
