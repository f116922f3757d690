use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use ids::ConnectionId;

use crate::connection::Connection;
use crate::live::LiveConnection;

/// The connections that were asked for or written since the process began.
#[derive(Default)]
pub(crate) struct LiveMap(RwLock<Held>);

#[derive(Default)]
struct Held {
    connections: HashSet<Known>,
    /// How often something was forgotten.
    forgotten: u64,
}

/// A connection, found by its id: which it has itself, so that the set holds no other copy.
struct Known(Arc<LiveConnection>);

/// When a look-up began: after which it may no longer be kept if something was forgotten meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since(u64);

impl LiveMap {
    pub(crate) fn get(&self, id: &ConnectionId) -> Result<Arc<LiveConnection>, Since> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = held.connections.get(id);
        known
            .map(|known| Arc::clone(&known.0))
            .ok_or(Since(held.forgotten))
    }

    /// A look-up begins now.
    pub(crate) fn since(&self) -> Since {
        Since(
            self.0
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .forgotten,
        )
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
        if let Some(Known(held)) = self.connections.get(&record.id)
            && held.version >= record.version
        {
            return Arc::clone(held);
        }
        let live = Arc::new(LiveConnection::from(record));
        self.connections.replace(Known(Arc::clone(&live)));
        live
    }
}

impl Borrow<ConnectionId> for Known {
    fn borrow(&self) -> &ConnectionId {
        &self.0.connection
    }
}

impl Hash for Known {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.connection.hash(state);
    }
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        self.0.connection == other.0.connection
    }
}

impl Eq for Known {}

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
