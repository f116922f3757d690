//! How a session gets from a handler that took it to the answer that is made of the handler.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::session::SessionChange;
use crate::stage::StageError;

/// What a handler's session leaves behind. Nothing is allocated before there is one.
#[derive(Debug, Default)]
pub(super) struct Slot(OnceLock<Left>);

/// The place where a session leaves its change when it is dropped.
pub(super) type Left = Arc<Mutex<Option<Result<SessionChange, StageError>>>>;

impl Slot {
    /// The place for the one session of a request.
    pub(super) fn open(&self) -> Result<Left, StageError> {
        let left = Left::default();
        match self.0.set(Arc::clone(&left)) {
            Ok(()) => Ok(left),
            Err(_) => Err(StageError::fatal("a handler can take one session only")),
        }
    }

    /// The route did not apply after all: what its session has left counts for nothing.
    pub(super) fn take(&self) -> Result<Option<SessionChange>, StageError> {
        let Some(left) = self.0.get() else {
            return Ok(None);
        };
        if Arc::strong_count(left) > 1 {
            let why = "the handler has answered, and its session is still in use";
            return Err(StageError::fatal(why));
        }
        put(left).take().transpose()
    }
}

/// Each copy of a request that a layer makes has a place of its own.
impl Clone for Slot {
    fn clone(&self) -> Self {
        Self::default()
    }
}

pub(super) fn put(
    left: &Left,
) -> std::sync::MutexGuard<'_, Option<Result<SessionChange, StageError>>> {
    left.lock().unwrap_or_else(PoisonError::into_inner)
}
