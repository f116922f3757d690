//! The thread that writes.

use std::sync::Arc;
use std::time::Duration;

use store::{Database, WriterConnection};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::queue::{Batch, Queue};
use crate::segments::{Piece, Segments};

pub(crate) struct Writer {
    pub(crate) queue: Arc<Queue>,
    pub(crate) database: Database,
    pub(crate) handle: Handle,
    pub(crate) truncate_addresses: bool,
}

impl Writer {
    /// Says on `ready` whether the database can be reached, then writes until the log is closed and empty.
    pub(crate) fn run(self, ready: oneshot::Sender<store::Result<()>>) {
        let (link, mut segments) = match self.begin() {
            Ok(begun) => begun,
            Err(error) => {
                let _nobody_waits = ready.send(Err(error));
                return;
            }
        };
        let _nobody_waits = ready.send(Ok(()));
        let mut link = Some(link);
        let mut batch = Batch::new();
        while self.queue.take(&mut batch) {
            for piece in pieces(&batch) {
                segments.take_in(piece);
                let records = piece.requests.len() + piece.folds.len() + piece.updates.len();
                if !self.write_until_done(&mut link, &segments, records) {
                    return;
                }
                segments.saved();
            }
            for flush in batch.finish() {
                let _nobody_waits = flush.send(());
            }
        }
    }

    fn begin(&self) -> store::Result<(WriterConnection, Segments)> {
        let mut link = self.database.writer(&self.handle)?;
        let segments = Segments::load(&mut link, self.truncate_addresses)?;
        Ok((link, segments))
    }

    /// Writes a segment, again and again when that fails; `false` when the log is closed and it still fails.
    fn write_until_done(
        &self,
        link: &mut Option<WriterConnection>,
        segments: &Segments,
        records: usize,
    ) -> bool {
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match self.write(link, segments) {
                Ok(()) => return true,
                Err(error) => error,
            };
            // Whatever state it is in, another one is as good.
            *link = None;
            self.queue.write_failed();
            if self.queue.is_closed() {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    records,
                    "request log lost its last records"
                );
                return false;
            }
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                records,
                pause_ms = pause.as_millis(),
                "request log cannot be written"
            );
            self.queue.pause(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn write(&self, link: &mut Option<WriterConnection>, segments: &Segments) -> store::Result<()> {
        let writer = match link {
            Some(writer) => writer,
            none => none.insert(self.database.writer(&self.handle)?),
        };
        #[cfg(feature = "failpoints")]
        fail::fail_point!("request-log-before-commit", |_| std::process::abort());
        segments.save(writer)?;
        #[cfg(feature = "failpoints")]
        fail::fail_point!("request-log-after-commit", |_| std::process::abort());
        move_log(writer);
        Ok(())
    }
}

/// What was saved is saved, also when this fails: the next batch tries it again.
fn move_log(writer: &mut WriterConnection) {
    let moved = writer.wal().and_then(|wal| match wal {
        Some(wal) if wal.frames >= CHECKPOINT_FRAMES => writer.checkpoint(),
        _ => Ok(None),
    });
    if let Err(error) = moved {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the request log's write-ahead log cannot be moved"
        );
    }
}

/// A batch is one segment; more only after the database failed for long.
fn pieces(batch: &Batch) -> impl Iterator<Item = Piece<'_>> {
    let mut requests = batch.requests.chunks(PIECE);
    let mut folds = batch.folds.chunks(PIECE);
    let mut updates = batch.updates.chunks(PIECE);
    std::iter::from_fn(move || {
        let parts = (requests.next(), folds.next(), updates.next());
        let is_end = matches!(parts, (None, None, None));
        (!is_end).then(|| Piece {
            requests: parts.0.unwrap_or_default(),
            folds: parts.1.unwrap_or_default(),
            updates: parts.2.unwrap_or_default(),
            at: batch.at,
        })
    })
}

/// Records of each sort that a segment takes in at once.
const PIECE: usize = 4_096;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// SQLite's log is moved into the file when it has so many pages: 4 MiB. Nobody waits for this thread meanwhile.
const CHECKPOINT_FRAMES: u32 = 1_024;
