//! What the inbox, its thread, its feeder and its journal have in common.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clock::{Clock, Timestamp};
use ids::ConnectionId;
use store::Database;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::belief::Watched;
use crate::config::InboxConfig;
use crate::feed::Feed;
use crate::figures::Counters;
use crate::intake::Intake;
use crate::sessions::Unsaved;
use crate::unreadable::Unreadable;

pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) config: InboxConfig,
    pub(crate) database: Database,
    pub(crate) feed: Feed,
    pub(crate) intake: Intake,
    /// What was told of sessions and is not on disk.
    pub(crate) sessions: Unsaved,
    pub(crate) parked: Mutex<BTreeSet<ConnectionId>>,
    /// Those whose updates wait because an operator said so.
    pub(crate) held: Mutex<BTreeSet<ConnectionId>>,
    pub(crate) unreadable: Unreadable,
    /// Whether the last commit failed.
    pub(crate) failing: AtomicBool,
    pub(crate) counters: Counters,
    pub(crate) batched: watch::Sender<Batched>,
    /// Whether the clock's time of day is to be believed.
    pub(crate) watched: Mutex<Watched>,
    /// Cancelled when the thread or the feeder has panicked.
    pub(crate) broken: CancellationToken,
}

/// What the last commit left in batches.
#[derive(Clone, Copy, Default)]
pub(crate) struct Batched {
    /// Updates that are not finished.
    pub(crate) undone: usize,
    /// When the oldest of these came.
    pub(crate) oldest: Option<Timestamp>,
    /// Raised when a commit begins and when it has ended: in between it may move updates out of batches into rows of their own.
    pub(crate) steps: u64,
}

impl Shared {
    pub(crate) fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be held by who must not panic: if it does, nothing is taken any more.
    pub(crate) fn watch_for_panic(self: &Arc<Self>) -> PanicWatch {
        PanicWatch(Arc::clone(self))
    }
}

pub(crate) struct PanicWatch(Arc<Shared>);

impl Drop for PanicWatch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.intake.abandon();
            self.0.broken.cancel();
        }
    }
}
