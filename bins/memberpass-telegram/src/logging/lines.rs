//! The log's way out: over a thread of its own, so that nobody who logs waits for whoever reads.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Lines on their way out. Taking one never blocks; what there is no room for is lost and counted.
#[derive(Default)]
pub(crate) struct Lines {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// Whether the thread has some in its hands.
    writing: bool,
    lost: u64,
    /// How many of the lost were told of.
    told: u64,
}

impl Lines {
    /// Starts the thread that writes to `out`, and calls `tell` with the number of lines lost so far whenever there are more of them
    /// and there is room again.
    pub(crate) fn start(out: impl Write + Send + 'static, tell: fn(u64)) -> io::Result<Arc<Self>> {
        let lines = Arc::new(Self::default());
        let thread = Arc::clone(&lines);
        std::thread::Builder::new()
            .name("log".into())
            .spawn(move || thread.write_on(out, tell))?;
        Ok(lines)
    }

    /// Lines that were lost because those before them were not read fast enough.
    pub(crate) fn lost(&self) -> u64 {
        self.state().lost
    }

    /// Blocks until everything was written, but only so long.
    pub(crate) fn flush(&self, patience: Duration) {
        let state = self.state();
        let _flushed = self
            .changed
            .wait_timeout_while(state, patience, |state| !state.is_empty());
    }

    fn write_on(&self, mut out: impl Write, tell: fn(u64)) {
        let mut batch = Vec::new();
        loop {
            let mut state = self.state();
            state.writing = false;
            if state.is_empty() && state.lost == state.told {
                self.changed.notify_all();
                state = self
                    .changed
                    .wait_while(state, |state| state.is_empty())
                    .unwrap_or_else(PoisonError::into_inner);
            }
            if state.is_empty() {
                let lost = state.lost;
                state.told = lost;
                drop(state);
                tell(lost);
                continue;
            }
            std::mem::swap(&mut state.waiting, &mut batch);
            state.writing = true;
            drop(state);
            // Nobody is left to be told when it cannot be written.
            let _ = out.write_all(&batch);
            batch.clear();
            batch.shrink_to(KEPT);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && !self.writing
    }
}

/// Takes a line whole or not at all: a subscriber writes each with one call.
impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        if state.waiting.len() + line.len() > ROOM {
            state.lost += 1;
        } else {
            let wakes = state.waiting.is_empty();
            state.waiting.extend_from_slice(line);
            drop(state);
            if wakes {
                self.changed.notify_all();
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Some thousands of lines.
const ROOM: usize = 1 << 20;

/// Memory that is kept while nothing is logged.
const KEPT: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Takes nothing before it is let.
    struct Stalled {
        let_go: Receiver<()>,
        written: Sender<Vec<u8>>,
    }

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.let_go.recv();
            let _ = self.written.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    static TOLD: AtomicU64 = AtomicU64::new(0);

    #[test]
    fn whoever_does_not_read_the_log_stops_nobody() {
        let (lets_go, let_go) = channel();
        let (written, wrote) = channel();
        let stalled = Stalled { let_go, written };
        let lines = Lines::start(stalled, |lost| TOLD.store(lost, Ordering::Release)).unwrap();
        let line = [b'x'; 1_024];
        for _ in 0..4_096 {
            (&*lines).write_all(&line).unwrap();
        }
        let lost = lines.lost();
        // One batch may be in the thread's hands while another waits.
        assert!((2_048..=3_072).contains(&lost), "{lost}");
        lines.flush(Duration::from_millis(1));
        assert_eq!(TOLD.load(Ordering::Acquire), 0);

        drop(lets_go);
        lines.flush(Duration::from_secs(20));
        let bytes: usize = wrote.try_iter().map(|batch| batch.len()).sum();
        assert_eq!(bytes as u64 / 1_024 + lost, 4_096);
        while TOLD.load(Ordering::Acquire) != lost {
            std::thread::yield_now();
        }
    }
}
