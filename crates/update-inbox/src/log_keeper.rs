//! When SQLite's write-ahead log is moved into the database file.

use std::sync::Arc;

use store::{Wal, WriterConnection};
use tokio::runtime::Handle;

use crate::checkpointer::Checkpointer;
use crate::shared::Shared;

/// Keeps the log short without anybody waiting for it: a thread of its own moves almost all of it, while the writer goes on; the
/// few pages that were added meanwhile are the writer's, so that the log can begin anew.
pub(crate) struct LogKeeper {
    /// None where the database keeps no such log.
    checkpointer: Option<Checkpointer>,
    most_pages: u32,
    /// Commits since everything was moved.
    commits: u32,
}

impl LogKeeper {
    pub(crate) fn start(shared: &Arc<Shared>, handle: &Handle) -> std::io::Result<Self> {
        let has_log = shared.database.url().sqlite_file().is_some();
        let start = || Checkpointer::start(shared.database.clone(), handle.clone());
        Ok(Self {
            checkpointer: has_log.then(start).transpose()?,
            most_pages: shared.config.checkpoint_pages,
            commits: 0,
        })
    }

    /// Whether nothing was committed since everything was moved.
    pub(crate) fn is_clean(&self) -> bool {
        self.commits == 0 || self.checkpointer.is_none()
    }

    /// To be called after each commit, when everyone was answered.
    pub(crate) fn committed(&mut self, link: &mut WriterConnection) {
        self.commits = self.commits.saturating_add(1);
        let Some(checkpointer) = &self.checkpointer else {
            return;
        };
        if !self.commits.is_multiple_of(LOOK_EVERY) || checkpointer.is_busy() {
            return;
        }
        let Some(wal) = warned(link.wal()) else {
            return;
        };
        let left = wal.frames.saturating_sub(wal.moved);
        // So far behind that the disk may run full: better a late acknowledgement.
        let overdue = wal.frames >= self.most_pages.saturating_mul(8);
        if overdue || (wal.moved > 0 && left <= TAIL && wal.frames >= self.most_pages) {
            warned(link.checkpoint());
        } else if left >= self.most_pages || (wal.moved > 0 && wal.frames >= self.most_pages) {
            checkpointer.ask();
        }
    }

    /// To be called when nobody waits: moves everything.
    pub(crate) fn idle(&mut self, link: &mut WriterConnection) {
        if !self.is_clean() {
            self.commits = 0;
            warned(link.checkpoint());
        }
    }
}

fn warned(looked: store::Result<Option<Wal>>) -> Option<Wal> {
    looked.unwrap_or_else(|error| {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the write-ahead log cannot be moved"
        );
        None
    })
}

/// Commits between two looks at the length of the log.
const LOOK_EVERY: u32 = 32;

/// So few pages are moved between two commits: a millisecond or so, and two writes to the disk.
const TAIL: u32 = 256;
