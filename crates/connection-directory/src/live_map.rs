use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use ids::ConnectionId;

use crate::connection::Connection;
use crate::live::LiveConnection;

/// The connections that were asked for or written since the process began.
#[derive(Default)]
pub(crate) struct LiveMap(RwLock<Held>);

#[derive(Default)]
struct Held {
    connections: HashMap<ConnectionId, Arc<LiveConnection>>,
    /// How often something was forgotten.
    forgotten: u64,
}

/// When a look-up began: after which it may no longer be kept if something was forgotten meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since(u64);

impl LiveMap {
    pub(crate) fn get(&self, id: &ConnectionId) -> Result<Arc<LiveConnection>, Since> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = held.connections.get(id).cloned();
        known.ok_or(Since(held.forgotten))
    }

    /// Takes over what was just written.
    pub(crate) fn put_written(&self, record: &Connection) {
        self.lock().put(record);
    }

    /// Takes over what a look-up found, unless it was overtaken, and answers what holds: a write that came first leaves a
    /// newer copy, and one that was forgotten may have.
    pub(crate) fn put_found(&self, record: &Connection, since: Since) -> Arc<LiveConnection> {
        let mut held = self.lock();
        if held.forgotten == since.0 {
            held.put(record)
        } else {
            Arc::new(LiveConnection::from(record))
        }
    }

    /// Forgets a connection, so that the next who asks looks it up.
    pub(crate) fn forget(&self, id: &ConnectionId) {
        let mut held = self.lock();
        held.forgotten += 1;
        held.connections.remove(id);
    }

    fn lock(&self) -> RwLockWriteGuard<'_, Held> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn put(&mut self, record: &Connection) -> Arc<LiveConnection> {
        match self.connections.entry(record.id.clone()) {
            Entry::Occupied(held) if held.get().version >= record.version => Arc::clone(held.get()),
            entry => Arc::clone(
                entry
                    .insert_entry(Arc::new(LiveConnection::from(record)))
                    .get(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use clock::Timestamp;
    use ids::{KeyId, TelegramBotId};

    use super::*;
    use crate::status::Status;

    #[test]
    fn an_overtaken_look_up_does_not_bring_back_the_past() {
        let map = LiveMap::default();
        let old = record();
        let new = Connection {
            version: 2,
            status: Status::Active,
            ..old.clone()
        };
        let since = map.get(&old.id).unwrap_err();
        assert!(!map.put_found(&old, since).is_active());
        map.put_written(&new);
        assert!(map.get(&old.id).unwrap().is_active());
        assert!(
            map.put_found(&old, since).is_active(),
            "the newer copy stays"
        );

        map.forget(&old.id);
        assert!(
            !map.put_found(&old, since).is_active(),
            "answered, but not kept"
        );
        let since = map.get(&old.id).unwrap_err();
        assert!(map.put_found(&new, since).is_active());
        assert!(map.get(&old.id).unwrap().is_active());
    }

    fn record() -> Connection {
        Connection::connecting(
            ConnectionId::from_parts(1, [1; 10]),
            "prj_1".parse().unwrap(),
            TelegramBotId::new(1),
            KeyId::new(1),
            Timestamp::from_unix_seconds(0),
        )
    }
}
