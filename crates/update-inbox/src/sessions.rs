//! What handlers remember of lanes: on disk, and told but not on disk yet.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clock::Timestamp;
use diesel::prelude::*;
use diesel::upsert::excluded;
use ids::ConnectionId;
use store::{Columns as _, Connection, WriterConnection};
use update_dispatcher::{LaneKey, Seq, SessionChange, StoredSession};

use crate::rows::{Body, text};
use crate::schema::inbox_sessions;

/// A change of a session that rides with what was told of an update.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) seq: Seq,
    pub(crate) change: SessionChange,
    number: u64,
}

/// The changes that were told and are not on disk, by session: the last one of each. Empty, and never locked for long,
/// where no handler has sessions.
#[derive(Default)]
pub(crate) struct Unsaved {
    sessions: Mutex<BTreeMap<Key, (u64, Option<StoredSession>)>>,
    told: AtomicU64,
}

type Key = (LaneKey, Arc<str>);

impl Unsaved {
    /// Notes what was told of an update, so that it is seen from now on. To be called before the inbox is told of its end.
    pub(crate) fn tell(&self, seq: Seq, changes: Vec<SessionChange>) -> Vec<Told> {
        if changes.is_empty() {
            return Vec::new();
        }
        let mut sessions = self.lock();
        let told = changes.into_iter().map(|change| {
            let number = self.told.fetch_add(1, Ordering::Relaxed);
            let key = (change.lane.clone(), Arc::clone(&change.name));
            sessions.insert(key, (number, change.becomes.clone()));
            Told {
                seq,
                change,
                number,
            }
        });
        told.collect()
    }

    /// What was told last of a session and is not on disk: a session, or that there is none.
    pub(crate) fn find(&self, lane: &LaneKey, name: &str) -> Option<Option<StoredSession>> {
        let sessions = self.lock();
        if sessions.is_empty() {
            return None;
        }
        let key = (lane.clone(), Arc::from(name));
        sessions.get(&key).map(|(_, last)| last.clone())
    }

    /// These are on disk.
    pub(crate) fn saved(&self, told: &[Told]) {
        if told.is_empty() {
            return;
        }
        let mut sessions = self.lock();
        for one in told {
            let key = (one.change.lane.clone(), Arc::clone(&one.change.name));
            if sessions
                .get(&key)
                .is_some_and(|(number, _)| *number == one.number)
            {
                sessions.remove(&key);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, (u64, Option<StoredSession>)>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes changes, in the order in which they were told: of each session the last one counts.
pub(crate) fn write(writer: &mut WriterConnection, told: &[Told]) -> store::Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    let mut last: BTreeMap<(&LaneKey, &str), &Option<StoredSession>> = BTreeMap::new();
    for Told { change, .. } in told {
        last.insert((&change.lane, &change.name), &change.becomes);
    }
    for ((lane, name), becomes) in last {
        match becomes {
            Some(session) => save(writer, SessionRow::new(lane, name, session))?,
            None => delete(writer, lane, name)?,
        }
    }
    Ok(())
}

/// A session as it is on disk, whether or not its time is over.
pub(crate) async fn find(
    connection: &mut Connection,
    lane: &LaneKey,
    name: &str,
) -> store::Result<Option<StoredSession>> {
    let row = inbox_sessions::table
        .filter(inbox_sessions::connection_id.eq(lane.connection.clone()))
        .filter(inbox_sessions::lane.eq(text(&lane.lane.to_string())))
        .filter(inbox_sessions::name.eq(text(name)))
        .select(SessionRow::columns());
    let row: Option<SessionRow> = connection.fetch_optional(row).await?;
    Ok(row.map(|row| StoredSession {
        data: row.data.0,
        expires_at: Timestamp::from_unix_us(row.expires_at_us),
    }))
}

/// Deletes sessions whose time is over, the oldest first, as many as a commit may bear. Answers how many.
pub(crate) fn delete_expired(
    writer: &mut WriterConnection,
    now: Timestamp,
) -> store::Result<usize> {
    let now = now.unix_us();
    let too_many = inbox_sessions::table
        .filter(inbox_sessions::expires_at_us.le(now))
        .order(inbox_sessions::expires_at_us)
        .offset(MOST_EXPIRED)
        .limit(1)
        .select(inbox_sessions::expires_at_us);
    let until: Option<i64> = writer.fetch_optional(too_many)?;
    let expired =
        inbox_sessions::table.filter(inbox_sessions::expires_at_us.le(until.unwrap_or(now)));
    writer.run(diesel::delete(expired))
}

fn save(writer: &mut WriterConnection, row: SessionRow) -> store::Result<()> {
    let key = (
        inbox_sessions::connection_id,
        inbox_sessions::lane,
        inbox_sessions::name,
    );
    let saved = diesel::insert_into(inbox_sessions::table)
        .values(row)
        .on_conflict(key)
        .do_update()
        .set((
            inbox_sessions::expires_at_us.eq(excluded(inbox_sessions::expires_at_us)),
            inbox_sessions::data.eq(excluded(inbox_sessions::data)),
        ));
    writer.run(saved).map(drop)
}

fn delete(writer: &mut WriterConnection, lane: &LaneKey, name: &str) -> store::Result<()> {
    let gone = inbox_sessions::table
        .filter(inbox_sessions::connection_id.eq(lane.connection.clone()))
        .filter(inbox_sessions::lane.eq(text(&lane.lane.to_string())))
        .filter(inbox_sessions::name.eq(text(name)));
    writer.run(diesel::delete(gone)).map(drop)
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = inbox_sessions, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
struct SessionRow {
    connection_id: ConnectionId,
    lane: String,
    name: String,
    expires_at_us: i64,
    data: Body,
}

impl SessionRow {
    fn new(lane: &LaneKey, name: &str, session: &StoredSession) -> Self {
        Self {
            connection_id: lane.connection.clone(),
            lane: text(&lane.lane.to_string()),
            name: text(name),
            expires_at_us: session.expires_at.unix_us(),
            data: Body(session.data.clone()),
        }
    }
}

/// Deleted at once, give or take those that expire together.
const MOST_EXPIRED: i64 = 1_000;

#[cfg(test)]
mod tests {
    use telegram_bot_api::ChatId;
    use update_dispatcher::Lane;

    use super::*;

    #[test]
    fn what_is_on_disk_leaves_memory_unless_something_newer_was_told() {
        let lane = LaneKey::new(ConnectionId::from_parts(1, [1; 10]), Lane::Chat(ChatId(7)));
        let change = |name: &str| SessionChange {
            lane: lane.clone(),
            name: Arc::from(name),
            was: None,
            becomes: None,
        };
        let unsaved = Unsaved::default();
        let first = unsaved.tell(Seq::new(1), vec![change("a"), change("b")]);
        let second = unsaved.tell(Seq::new(2), vec![change("a")]);
        unsaved.saved(&first);
        assert_eq!(unsaved.find(&lane, "a"), Some(None));
        assert_eq!(unsaved.find(&lane, "b"), None);
        unsaved.saved(&second);
        assert!(unsaved.lock().is_empty());
        assert!(unsaved.tell(Seq::new(3), Vec::new()).is_empty());
    }
}
