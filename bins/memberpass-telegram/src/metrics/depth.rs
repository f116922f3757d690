//! What the inbox holds, for a page that is asked for often and must come at once.

use std::time::Duration;

use clock::Clock;
use tokio::sync::watch;
use update_inbox::{Depth, Inbox};

/// Asks the inbox now and then, never twice at once, and waits for an answer only so long. Cheap to clone.
#[derive(Clone)]
pub(crate) struct DepthReader {
    clock: Clock,
    inbox: Inbox,
    known: watch::Sender<Known>,
}

#[derive(Clone, Copy, Default)]
struct Known {
    asking: bool,
    /// The last answer, and when it came.
    last: Option<(Duration, Depth)>,
}

impl DepthReader {
    pub(crate) fn new(inbox: Inbox, clock: Clock) -> Self {
        let known = watch::Sender::default();
        Self {
            clock,
            inbox,
            known,
        }
    }

    /// What the inbox held, and how long ago; nothing when that is too long.
    pub(crate) async fn read(&self) -> Option<(Depth, Duration)> {
        let now = self.clock.elapsed();
        let begins = self.known.send_if_modified(|known| {
            let stale = known.age(now).is_none_or(|age| age >= GOOD_FOR);
            let begins = stale && !known.asking;
            known.asking |= begins;
            begins
        });
        if begins {
            // On its own: an answer that comes late is good for the next page.
            tokio::spawn(self.clone().ask());
        }
        let mut told = self.known.subscribe();
        let answered = told.wait_for(|known| !known.asking);
        let _ = self.clock.timeout(PATIENCE, answered).await;
        let known = *self.known.borrow();
        let age = known.age(self.clock.elapsed())?;
        let (_, depth) = known.last?;
        (age < TOO_OLD).then_some((depth, age))
    }

    async fn ask(self) {
        let depth = self.inbox.depth().await;
        let now = self.clock.elapsed();
        if let Err(error) = &depth {
            let error = error as &dyn std::error::Error;
            tracing::debug!(error, "what the inbox holds could not be counted");
        }
        self.known.send_modify(|known| {
            known.asking = false;
            known.last = depth.ok().map(|depth| (now, depth)).or(known.last);
        });
    }
}

impl Known {
    fn age(&self, now: Duration) -> Option<Duration> {
        self.last.map(|(at, _)| now.saturating_sub(at))
    }
}

/// It counts rows, so not for each page.
const GOOD_FOR: Duration = Duration::from_secs(10);

/// Well below the ten seconds that whoever collects such pages waits for one.
const PATIENCE: Duration = Duration::from_secs(1);

/// From here on it is better to say nothing: an incident must not look healthy.
const TOO_OLD: Duration = Duration::from_secs(60);
