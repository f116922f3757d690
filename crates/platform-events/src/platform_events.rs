use std::sync::Arc;

use clock::{Clock, Entropy};
use ids::EventId;
use outbound_http::OutboundHttp;
use store::{Connection as Link, Database};
use token_vault::TokenVault;
use tokio::sync::{Mutex, Notify, Semaphore};

use crate::config::Config;
use crate::counters::Counters;
use crate::event::{self, NewEvent};
use crate::outbox;

/// The platform's events about bots: what was published, where to, and how far it came. Cheap to clone; clones are one.
///
/// One process uses a database at a time.
#[derive(Clone)]
pub struct PlatformEvents(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) database: Database,
    pub(crate) vault: TokenVault,
    pub(crate) outbound: OutboundHttp,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) config: Config,
    pub(crate) counters: Counters,
    /// Told when there may be something to deliver.
    pub(crate) woken: Notify,
    /// Held by whoever changes endpoints: what is read for a change stays true until it is made.
    pub(crate) changing: Mutex<()>,
    /// Held by the one who delivers.
    pub(crate) delivering: Mutex<()>,
    /// Trials that may be under way at once.
    pub(crate) trials: Semaphore,
}

impl PlatformEvents {
    /// The events of a migrated database. Nothing is delivered before [`run`](Self::run) is.
    ///
    /// The entropy makes secrets, so outside tests it must be the system's.
    #[must_use]
    pub fn new(
        database: Database,
        vault: TokenVault,
        outbound: OutboundHttp,
        clock: Clock,
        entropy: Entropy,
        config: Config,
    ) -> Self {
        Self(Arc::new(Inner {
            database,
            vault,
            outbound,
            clock,
            entropy,
            config,
            counters: Counters::default(),
            woken: Notify::new(),
            changing: Mutex::default(),
            delivering: Mutex::default(),
            trials: Semaphore::new(TRIALS),
        }))
    }

    /// Publishes an event, in the caller's transaction: the event exists exactly when what it tells of does. It is written down, and
    /// a delivery for each endpoint that is on and wants its type. Call [`wake`](Self::wake) after the commit.
    ///
    /// # Errors
    /// When the database cannot be read or written; then the caller's transaction must not go on.
    pub async fn append(&self, link: &mut Link, event: &NewEvent) -> store::Result<()> {
        let now = self.0.clock.now();
        let id = self.0.event_id();
        let body = event::body(&id, now, event);
        outbox::write(link, event, id, body, now).await
    }

    /// Says that there may be something to deliver. Forgetting it costs a minute.
    pub fn wake(&self) {
        self.0.woken.notify_one();
    }
}

impl Inner {
    pub(crate) fn event_id(&self) -> EventId {
        EventId::from_parts(self.clock.now().unix_ms(), self.entropy.bytes())
    }
}

impl std::fmt::Debug for PlatformEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PlatformEvents")
            .field(&self.0.database)
            .finish()
    }
}

const TRIALS: usize = 4;
