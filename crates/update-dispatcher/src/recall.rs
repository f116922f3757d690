//! Sessions as the journal knows them, by the dispatcher's clock.

use std::sync::Arc;

use clock::{Clock, Timestamp};

use crate::LaneKey;
use crate::erased::AnyJournal;
use crate::perform::RetryWhen;
use crate::session::{ReadSessions, ReadingSession, SessionChange};
use crate::stage::StageError;

pub(crate) struct Recall {
    pub(crate) journal: Arc<dyn AnyJournal>,
    pub(crate) clock: Clock,
}

impl ReadSessions for Recall {
    fn read<'a>(&'a self, lane: &'a LaneKey, name: &'a str) -> ReadingSession<'a> {
        self.journal.session(lane, name)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Whether all sessions are still what they were when these changes were made. An urgent update may have overtaken.
pub(crate) async fn still_hold(
    sessions: &dyn ReadSessions,
    changes: &[SessionChange],
) -> Result<bool, StageError> {
    for change in changes {
        let stored = sessions.read(&change.lane, &change.name).await;
        let stored = stored.map_err(unreadable)?;
        let now = sessions.now();
        let found = stored.filter(|stored| stored.expires_at > now);
        if found.map(|stored| stored.data) != change.was {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The update is not to blame: it waits until the journal can be read.
pub(crate) fn unreadable(reason: String) -> StageError {
    StageError {
        reason: format!("the session cannot be read: {reason}"),
        retry: RetryWhen::Waiting { told: None },
    }
}
