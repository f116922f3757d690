use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use clock::Clock;
use store::Database;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::queue::{Counts, Queue};
use crate::record::{RequestRecord, UpdateRecord};
use crate::writer::Writer;

/// The request log: takes records at once, and writes them from a thread of its own. Cheap to clone.
#[derive(Clone)]
pub struct RequestLog(Arc<Shared>);

struct Shared {
    queue: Arc<Queue>,
    database: Database,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl RequestLog {
    /// Starts the thread that writes to a database migrated to [`store::Schema::Requests`].
    ///
    /// Needs tokio's multi-threaded runtime, and that [`close`](Self::close) is called before the runtime ends.
    ///
    /// # Errors
    /// [`Error::Store`] when the database cannot be reached; [`Error::Thread`].
    pub async fn start(database: Database, config: Config, clock: Clock) -> Result<Self> {
        let truncate_addresses = config.truncate_addresses;
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
        answer.await.map_err(|_| Error::Closed)??;
        Ok(Self(Arc::new(Shared {
            queue,
            database,
            thread: Mutex::new(Some(thread)),
        })))
    }

    /// Takes a record of a request. Never blocks on the database; what there is no room for is counted.
    pub fn record(&self, record: RequestRecord) {
        self.0.queue.record(record);
    }

    /// Takes a record of what became of an update. Never blocks on the database; what there is no room for is counted.
    pub fn handled(&self, record: UpdateRecord) {
        self.0.queue.handled(record);
    }

    /// What it has taken in so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.queue.counts()
    }

    /// Waits until everything recorded before is on disk.
    ///
    /// # Errors
    /// [`Error::Closed`] when it never will be.
    pub async fn flush(&self) -> Result<()> {
        self.0.queue.flushed().await.map_err(|_| Error::Closed)
    }

    /// Writes what waits and ends the thread; what is recorded later is only counted. A database that fails now gets
    /// one more attempt.
    pub async fn close(&self) {
        self.0.queue.close();
        let thread = {
            let mut thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner);
            thread.take()
        };
        if let Some(thread) = thread {
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the request log's thread panicked");
            }
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl std::fmt::Debug for RequestLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RequestLog").field(&self.0.database).finish()
    }
}
