//! Letting go of what nobody needs any more, a little with each commit: everybody who brings an update waits for it.

use std::collections::BTreeMap;

use ids::ConnectionId;

use crate::belief::Belief;
use crate::error::Result;
use crate::inbox::Inbox;
use crate::intake::Order;
use crate::kept;
use crate::overdue::{Overdue, Share};
use crate::shared::Shared;

/// What was deleted because its time was over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Pending updates of parked connections.
    pub updates: usize,
    /// Blocks of update ids that were remembered.
    pub blocks: usize,
    /// Sessions.
    pub sessions: usize,
    /// Dead letters.
    pub failed: usize,
    /// Requests that could not be read.
    pub unreadable: usize,
}

impl Inbox {
    /// Deletes what parked connections that nobody holds have waiting longer than Telegram would have kept it, update ids that no longer count, and dead
    /// letters and unreadable requests whose time is over. To be called now and then. It goes on for as many commits as it takes: each
    /// deletes about a thousand rows (of dead letters and unreadable requests 500, beside the writer), so that whoever brings an update waits no longer than for any other commit. Whose updates were
    /// deleted, and how many, is logged. A clock that was set by more than 5 minutes is believed after an hour only, or when it is set
    /// right: until then this deletes nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable), [`Error::Store`](crate::Error::Store).
    pub async fn expire(&self) -> Result<Expired> {
        let clock = &self.shared.clock;
        let (now, elapsed) = (clock.now(), clock.elapsed());
        let belief = self.shared.watched().look(now, elapsed);
        if belief == Belief::No {
            return Ok(Expired::default());
        }
        let firm = belief == Belief::Firm;
        let mut owners: Vec<_> = self.parked().iter().cloned().collect();
        owners.retain(|owner| !self.is_held(owner));
        let mut expired = Expired {
            sessions: pass(self, Overdue::Sessions).await?.deleted,
            ..Expired::default()
        };
        loop {
            let share = pass(self, Overdue::Blocks { firm }).await?;
            expired.blocks += share.deleted;
            if !share.more {
                break;
            }
        }
        for some in owners.chunks(AT_ONCE) {
            expired.updates += parked(self, some).await?;
        }
        (expired.failed, expired.unreadable) = kept::prune(&self.shared).await?;
        Ok(expired)
    }
}

/// Deletes what these connections have waiting beyond its time; answers how many updates that were.
async fn parked(inbox: &Inbox, owners: &[ConnectionId]) -> Result<usize> {
    let mut gone = Gone::of(&inbox.shared);
    loop {
        let share = pass(inbox, Overdue::Parked(owners.to_vec())).await?;
        gone.add(share.of);
        if !share.more {
            return Ok(gone.updates.values().sum());
        }
    }
}

async fn pass(inbox: &Inbox, overdue: Overdue) -> Result<Share> {
    inbox.order(|answer| Order::Expire(overdue, answer)).await
}

/// Updates that were acknowledged and will not be handled: counted, and told when all are gone, or as many as could be deleted.
struct Gone<'a> {
    shared: &'a Shared,
    updates: BTreeMap<ConnectionId, usize>,
}

impl<'a> Gone<'a> {
    const fn of(shared: &'a Shared) -> Self {
        let updates = BTreeMap::new();
        Self { shared, updates }
    }

    fn add(&mut self, of: BTreeMap<ConnectionId, usize>) {
        self.shared.counters.expired(of.values().sum());
        for (owner, updates) in of {
            *self.updates.entry(owner).or_default() += updates;
        }
    }
}

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        for (connection, updates) in &self.updates {
            tracing::warn!(
                %connection,
                updates,
                "updates of a disconnected bot waited longer than Telegram keeps them, and are deleted"
            );
        }
    }
}

/// Connections whose updates are looked through in one commit.
const AT_ONCE: usize = 1_000;
