//! Moves SQLite's write-ahead log into the database file from a thread of its own, so that no acknowledgement waits for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Weak};

use store::{Database, WriterConnection};
use tokio::runtime::Handle;

/// The thread. It ends when this is dropped, after what it is doing.
pub(crate) struct Checkpointer {
    asked: SyncSender<()>,
    busy: Arc<AtomicBool>,
}

impl Checkpointer {
    pub(crate) fn start(database: Database, handle: Handle) -> std::io::Result<Self> {
        let (asked, asking) = sync_channel(1);
        let busy = Arc::new(AtomicBool::new(false));
        let flag = Arc::downgrade(&busy);
        std::thread::Builder::new()
            .name("inbox-checkpoint".into())
            .spawn(move || {
                let mut link = None;
                while asking.recv().is_ok() {
                    if let Err(error) = checkpoint(&mut link, &database, &handle) {
                        link = None;
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "the write-ahead log cannot be moved"
                        );
                    }
                    ready(&flag);
                }
            })?;
        Ok(Self { asked, busy })
    }

    /// Has the log moved as far as it is now, unless that is being done.
    pub(crate) fn ask(&self) {
        if !self.busy.swap(true, Ordering::AcqRel) && self.asked.try_send(()).is_err() {
            self.busy.store(false, Ordering::Release);
        }
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire)
    }
}

fn ready(flag: &Weak<AtomicBool>) {
    if let Some(busy) = flag.upgrade() {
        busy.store(false, Ordering::Release);
    }
}

fn checkpoint(
    link: &mut Option<WriterConnection>,
    database: &Database,
    handle: &Handle,
) -> store::Result<()> {
    let link = match link {
        Some(link) => link,
        none => none.insert(database.writer(handle)?),
    };
    link.checkpoint().map(drop)
}
