//! Whether the server can do its one job.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use clock::Clock;
use management_api::{Check, Readiness};
use tokio::sync::Mutex;
use update_inbox::Inbox;

/// Ready means that an update can be stored; nothing else decides.
pub(crate) struct InboxReadiness {
    clock: Clock,
    inbox: Inbox,
    /// The last answer and when it was given: the question writes to the disk, and anybody may ask it.
    last: Mutex<Option<(Duration, bool)>>,
}

impl InboxReadiness {
    pub(crate) fn new(inbox: Inbox, clock: Clock) -> Self {
        Self {
            clock,
            inbox,
            last: Mutex::new(None),
        }
    }

    async fn can_store(&self) -> bool {
        let mut last = self.last.lock().await;
        if let Some((at, ok)) = *last
            && self.clock.elapsed().saturating_sub(at) < GOOD_FOR
        {
            return ok;
        }
        // A writer that waits for its database for so long stores no update in time either.
        let ok = matches!(
            self.clock.timeout(PATIENCE, self.inbox.ready()).await,
            Ok(Ok(()))
        );
        *last = Some((self.clock.elapsed(), ok));
        ok
    }
}

impl Readiness for InboxReadiness {
    fn checks(&self) -> Pin<Box<dyn Future<Output = Vec<Check>> + Send + '_>> {
        Box::pin(async {
            vec![Check {
                name: "inbox",
                ok: self.can_store().await,
                decides: true,
            }]
        })
    }
}

const GOOD_FOR: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(5);
