//! Whether a connection has earned its place.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// A connection's begins unproven and ends proven or evicted, never both.
#[derive(Default)]
pub(crate) struct Standing {
    state: AtomicU8,
    /// The connection's task, to be woken when it is evicted.
    task: Mutex<Option<Waker>>,
}

const UNPROVEN: u8 = 0;
const PROVEN: u8 = 1;
const EVICTED: u8 = 2;

impl Standing {
    /// The service has answered a request with success. Too late for one that is evicted.
    pub(crate) fn prove(&self) {
        // Looked at first: almost every request comes on a connection that is proven.
        if self.state() == UNPROVEN {
            self.settle(PROVEN);
        }
    }

    pub(crate) fn is_proven(&self) -> bool {
        self.state() == PROVEN
    }

    /// Asks the connection to end at once, unless it is proven.
    pub(crate) fn evict(&self) -> bool {
        let evicted = self.settle(EVICTED);
        if evicted && let Some(task) = self.task().take() {
            task.wake();
        }
        evicted
    }

    pub(crate) fn is_evicted(&self) -> bool {
        self.state() == EVICTED
    }

    /// Who is woken by an eviction from now on; one before this is to be looked for after it.
    pub(crate) fn wakes(&self, task: &Waker) {
        *self.task() = Some(task.clone());
    }

    fn state(&self) -> u8 {
        self.state.load(Ordering::Acquire)
    }

    fn settle(&self, state: u8) -> bool {
        let (taken, given) = (Ordering::AcqRel, Ordering::Relaxed);
        self.state
            .compare_exchange(UNPROVEN, state, taken, given)
            .is_ok()
    }

    fn task(&self) -> MutexGuard<'_, Option<Waker>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
