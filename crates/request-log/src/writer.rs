//! The thread that writes.

use std::sync::Arc;
use std::time::Duration;

use store::{Database, WriterConnection};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::queue::{Batch, Queue};
use crate::table;

pub(crate) struct Writer {
    pub(crate) queue: Arc<Queue>,
    pub(crate) database: Database,
    pub(crate) handle: Handle,
    pub(crate) truncate_addresses: bool,
}

impl Writer {
    /// Says on `ready` whether the database can be reached, then writes until the log is closed and empty.
    pub(crate) fn run(self, ready: oneshot::Sender<store::Result<()>>) {
        let mut link = match self.database.writer(&self.handle) {
            Ok(link) => Some(link),
            Err(error) => {
                let _nobody_waits = ready.send(Err(error));
                return;
            }
        };
        let _nobody_waits = ready.send(Ok(()));
        while let Some(batch) = self.queue.take() {
            if !self.write_until_done(&mut link, &batch) {
                return;
            }
            for flush in batch.flushes {
                let _nobody_waits = flush.send(());
            }
        }
    }

    /// Writes a batch, again and again when that fails; `false` when the log is closed and it still fails.
    fn write_until_done(&self, link: &mut Option<WriterConnection>, batch: &Batch) -> bool {
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match self.write(link, batch) {
                Ok(()) => return true,
                Err(error) => error,
            };
            // Whatever state it is in, another one is as good.
            *link = None;
            self.queue.write_failed();
            let rows = batch.requests.len() + batch.updates.len() + batch.folds.len();
            if self.queue.is_closed() {
                tracing::error!(%error, rows, "request log lost its last records");
                return false;
            }
            tracing::warn!(%error, rows, pause_ms = pause.as_millis(), "request log cannot be written");
            self.queue.pause(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn write(&self, link: &mut Option<WriterConnection>, batch: &Batch) -> store::Result<()> {
        let writer = match link {
            Some(writer) => writer,
            none => none.insert(self.database.writer(&self.handle)?),
        };
        if batch.is_empty() {
            return Ok(());
        }
        table::add(writer, batch, self.truncate_addresses)?;
        if writer
            .wal()?
            .is_some_and(|wal| wal.frames >= CHECKPOINT_FRAMES)
        {
            writer.checkpoint()?;
        }
        Ok(())
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// SQLite's log is moved into the file when it has so many pages: 4 MiB. Nobody waits for this thread meanwhile.
const CHECKPOINT_FRAMES: u32 = 1_024;
