use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use clock::Clock;
use store::Database;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::observers::Observers;
use crate::queue::{Counts, Queue};
use crate::record::{RequestRecord, UpdateRecord};
use crate::tap::Tap;
use crate::waiting::{WaitingRequest, WaitingUpdate};
use crate::writer::Writer;

/// The request log: takes records at once, and writes them from a thread of its own. Cheap to clone.
#[derive(Clone)]
pub struct RequestLog(Arc<Shared>);

struct Shared {
    queue: Arc<Queue>,
    tap: Option<Arc<Tap>>,
    database: Database,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl RequestLog {
    /// Starts the thread that writes to a database migrated to [`store::Schema::Requests`].
    ///
    /// Needs tokio's multi-threaded runtime, and that [`close`](Self::close) is called before the runtime ends.
    ///
    /// # Errors
    /// [`Error::Store`] when the database cannot be reached; [`Error::Thread`].
    pub async fn start(database: Database, config: Config, clock: Clock) -> Result<Self> {
        Self::start_with(database, config, clock, Observers::none()).await
    }

    /// The same, and shows every record to observers: folded ones too, whatever becomes of the database, in the order in
    /// which they were recorded, at most 100 ms later where observers keep up. Another thread of the log's own calls
    /// them, outside any runtime; one that panics is logged and called again with the next record.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_with(
        database: Database,
        config: Config,
        clock: Clock,
        observers: Observers,
    ) -> Result<Self> {
        let (truncate_addresses, most) = (config.truncate_addresses, config.queue);
        let queue = Arc::new(Queue::new(config, clock));
        let writer = Writer {
            queue: Arc::clone(&queue),
            database: database.clone(),
            handle: Handle::current(),
            truncate_addresses,
        };
        let (ready, answer) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("request-log".into())
            .spawn(move || writer.run(ready))
            .map_err(Error::Thread)?;
        // Dropped on the way out, it ends the thread.
        let mut shared = Shared {
            queue,
            tap: None,
            database,
            threads: Mutex::new(vec![thread]),
        };
        answer.await.map_err(|_| Error::Closed)??;
        if !observers.is_empty() {
            shared.show_to(observers, most)?;
        }
        Ok(Self(Arc::new(shared)))
    }

    /// Takes a record of a request. Never blocks on the database; what there is no room for is counted.
    pub fn record(&self, record: RequestRecord) {
        let record = WaitingRequest::of(record);
        if let Some(tap) = &self.0.tap {
            tap.see_request(&record);
        }
        self.0.queue.record(record);
    }

    /// Takes a record of what became of an update. Never blocks on the database; what there is no room for is counted.
    pub fn handled(&self, record: UpdateRecord) {
        let record = WaitingUpdate::of(record);
        if let Some(tap) = &self.0.tap {
            tap.see_update(&record);
        }
        self.0.queue.handled(record);
    }

    /// What it has taken in so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            unseen: self.0.tap.as_ref().map_or(0, |tap| tap.unseen()),
            ..self.0.queue.counts()
        }
    }

    /// Waits until everything recorded before is on disk, and has been shown to the observers.
    ///
    /// # Errors
    /// [`Error::Closed`] when it never will be.
    pub async fn flush(&self) -> Result<()> {
        if let Some(tap) = &self.0.tap {
            tap.flushed().await.map_err(|_| Error::Closed)?;
        }
        self.0.queue.flushed().await.map_err(|_| Error::Closed)
    }

    /// Writes and shows what waits and ends the threads; what is recorded later is only counted. A database that fails now
    /// gets one more attempt.
    pub async fn close(&self) {
        self.0.close();
        let threads = {
            let threads = self.0.threads.lock();
            std::mem::take(&mut *threads.unwrap_or_else(PoisonError::into_inner))
        };
        for thread in threads {
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("a thread of the request log panicked");
            }
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }
}

impl Shared {
    fn show_to(&mut self, observers: Observers, most: usize) -> Result<()> {
        let tap = Arc::new(Tap::new(most, observers.want_only_news()));
        let thread = tap.start(observers).map_err(Error::Thread)?;
        let threads = self.threads.get_mut();
        threads.unwrap_or_else(PoisonError::into_inner).push(thread);
        self.tap = Some(tap);
        Ok(())
    }

    fn close(&self) {
        self.queue.close();
        if let Some(tap) = &self.tap {
            tap.close();
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

impl std::fmt::Debug for RequestLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RequestLog").field(&self.0.database).finish()
    }
}
