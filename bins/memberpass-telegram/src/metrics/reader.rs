//! What the database must be asked for, for a page that is asked for often and must come at once.

use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

/// Asks now and then, never twice at once, and waits for an answer only so long. Cheap to clone.
pub(crate) struct Reader<T> {
    clock: Clock,
    asks: Asks<T>,
    known: watch::Sender<Known<T>>,
}

type Asks<T> = Arc<dyn Fn() -> BoxFuture<'static, anyhow::Result<T>> + Send + Sync>;

#[derive(Clone, Copy)]
struct Known<T> {
    asking: bool,
    /// The last answer, and when it came.
    last: Option<(Duration, T)>,
}

impl<T: Copy + Send + Sync + 'static> Reader<T> {
    pub(crate) fn new(
        clock: Clock,
        asks: impl Fn() -> BoxFuture<'static, anyhow::Result<T>> + Send + Sync + 'static,
    ) -> Self {
        let known = watch::Sender::new(Known {
            asking: false,
            last: None,
        });
        Self {
            clock,
            asks: Arc::new(asks),
            known,
        }
    }

    /// What there was, and how long ago; nothing when that is too long.
    pub(crate) async fn read(&self) -> Option<(T, Duration)> {
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
        let (_, told) = known.last?;
        (age < TOO_OLD).then_some((told, age))
    }

    async fn ask(self) {
        let told = (self.asks)().await;
        let now = self.clock.elapsed();
        if let Err(error) = &told {
            tracing::debug!(error = %format_args!("{error:#}"), "what the database holds could not be counted");
        }
        self.known.send_modify(|known| {
            known.asking = false;
            known.last = told.ok().map(|told| (now, told)).or(known.last);
        });
    }
}

impl<T> Clone for Reader<T> {
    fn clone(&self) -> Self {
        Self {
            clock: self.clock.clone(),
            asks: Arc::clone(&self.asks),
            known: self.known.clone(),
        }
    }
}

impl<T> Known<T> {
    fn age(&self, now: Duration) -> Option<Duration> {
        self.last.as_ref().map(|(at, _)| now.saturating_sub(*at))
    }
}

/// It counts rows, so not for each page.
const GOOD_FOR: Duration = Duration::from_secs(10);

/// Well below the ten seconds that whoever collects such pages waits for one.
const PATIENCE: Duration = Duration::from_secs(1);

/// From here on it is better to say nothing: an incident must not look healthy.
const TOO_OLD: Duration = Duration::from_secs(60);
