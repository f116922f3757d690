//! Sessions in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use clock::{Clock, Timestamp};

use crate::LaneKey;
use crate::session::{ReadSessions, ReadingSession, SessionChange, StoredSession};

pub(super) struct Memory {
    clock: Clock,
    sessions: Mutex<BTreeMap<(LaneKey, Arc<str>), StoredSession>>,
}

impl Memory {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            sessions: Mutex::default(),
        }
    }

    pub(super) fn apply(&self, changes: Vec<SessionChange>) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            let key = (change.lane, change.name);
            match change.becomes {
                Some(becomes) => sessions.insert(key, becomes),
                None => sessions.remove(&key),
            };
        }
    }

    pub(super) fn find(&self, lane: &LaneKey, name: &str) -> Option<StoredSession> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let found = sessions.get(&(lane.clone(), Arc::from(name))).cloned();
        found.filter(|found| found.expires_at > self.clock.now())
    }
}

impl ReadSessions for Memory {
    fn read<'a>(&'a self, lane: &'a LaneKey, name: &'a str) -> ReadingSession<'a> {
        Box::pin(std::future::ready(Ok(self.find(lane, name))))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
