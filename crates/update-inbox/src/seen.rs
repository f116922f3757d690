//! Which updates have come before: a bit for each id, in blocks of 1,024, void 72 hours after a block's last new id.
//!
//! Never "lower than the last one": after a silence Telegram starts anew at any number. It does so after a week, so that the
//! bits of the numbers' last use are void by then.

use std::collections::HashMap;

use clock::Timestamp;
use diesel::prelude::*;
use store::WriterConnection;
use telegram_bot_api::UpdateId;
use update_dispatcher::{Queued, Seq};

use crate::belief::SLEWED;
use crate::block::{Block, HORIZON};
use crate::overdue::Share;
use crate::packed;
use crate::received::Received;
use crate::rows::Body;
use crate::schema::inbox_recent;
use crate::seen_rows::{self, Key, read, save};

/// Blocks that came by of late, as the database has them when the present commit succeeds.
///
/// A commit writes the ids it has marked into one small row, `inbox_recent`, and only now and then some of the changed blocks into
/// `inbox_seen`: by then a block has changed many times. What neither has is in no commit. See [`Self::reload`].
#[derive(Clone)]
pub(crate) struct Seen {
    recent: HashMap<Key, Block>,
    older: HashMap<Key, Block>,
    capacity: usize,
    /// Blocks that differ from `inbox_seen`, and are not in the present round.
    changed: Vec<Key>,
    round: Round,
    /// Ids in `inbox_recent`, and the last commit with some.
    noted: usize,
    last: Seq,
}

/// Blocks on their way to `inbox_seen`, a few with each commit. When all are there, the ids noted before are not needed any more.
#[derive(Clone, Default)]
struct Round {
    left: Vec<Key>,
    /// The last commit of which all ids will be in `inbox_seen`.
    upto: Option<Seq>,
    ids: usize,
}

impl Seen {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            recent: HashMap::new(),
            older: HashMap::new(),
            capacity: capacity.max(2),
            changed: Vec::new(),
            round: Round::default(),
            noted: 0,
            last: Seq::ZERO,
        }
    }

    /// Begins anew from what the database has: after a start, and after a commit that failed or was not answered.
    pub(crate) fn reload(&mut self, writer: &mut WriterConnection) -> store::Result<()> {
        *self = Self::new(self.capacity);
        let notes: Vec<(i64, Body)> = writer.fetch(
            inbox_recent::table
                .order(inbox_recent::first_seq)
                .select((inbox_recent::first_seq, inbox_recent::ids)),
        )?;
        for (first_seq, note) in notes {
            self.last = Seq::new(first_seq);
            let Some((at, ids)) = packed::unpack_ids(&note.0) else {
                tracing::error!("a note of update ids cannot be unpacked: some may be taken twice");
                continue;
            };
            self.noted += ids.len();
            let ids: Vec<_> = ids
                .into_iter()
                .map(|(owner, id)| (Key::of(&owner, id), id))
                .collect();
            self.load(writer, ids.iter().map(|(key, _)| key))?;
            for (key, id) in ids {
                self.set(key, id, at);
            }
        }
        Ok(())
    }

    /// Marks updates as seen, and answers which of them are new. To be called in the transaction that stores those.
    pub(crate) fn mark(
        &mut self,
        writer: &mut WriterConnection,
        received: &[&Received],
        now: Timestamp,
    ) -> store::Result<Vec<bool>> {
        let keys: Vec<Key> = received
            .iter()
            .map(|update| Key::of(&update.lane.connection, update.update_id))
            .collect();
        self.load(writer, &keys)?;
        let ids = received.iter().map(|update| update.update_id);
        Ok(keys
            .into_iter()
            .zip(ids)
            .map(|(key, id)| self.set(key, id, now))
            .collect())
    }

    /// Writes down the ids of new updates, and a few of the blocks that have changed.
    pub(crate) fn note(
        &mut self,
        writer: &mut WriterConnection,
        fresh: &[Queued],
        now: Timestamp,
    ) -> store::Result<()> {
        let Some(first) = fresh.first() else {
            return Ok(());
        };
        let row = RecentRow {
            first_seq: first.seq.value(),
            ids: Body(packed::pack_ids(fresh, now).into()),
        };
        writer.run(diesel::insert_into(inbox_recent::table).values(row))?;
        self.noted += fresh.len();
        self.last = first.seq;
        if self.noted >= FOLD_AT {
            self.begin_round();
        }
        // As many as keep up with the ids; far behind, as many as it takes.
        let share = if self.noted < FALLING_BEHIND { 8 } else { 1 };
        self.fold(writer, (fresh.len() / share).max(8))
    }

    /// Deletes blocks that are void, the oldest first, as many as a commit may bear, and lets go of what is more than should be
    /// remembered. It goes on with a round by some blocks: all that have changed would be a commit for which everybody waits.
    ///
    /// A block may have changed since it was written, and be void only on disk: what is new of it is in `inbox_recent`.
    pub(crate) fn expire(
        &mut self,
        writer: &mut WriterConnection,
        now: Timestamp,
        firm: bool,
    ) -> store::Result<Share> {
        if firm {
            self.correct(writer, now + SLEWED)?;
        }
        self.fold(writer, SOME)?;
        self.forget_quiet();
        seen_rows::delete_untouched(writer, now - HORIZON)
    }

    /// No block was touched later than this. Of those on disk as many are corrected as a commit may bear, the latest first.
    fn correct(&mut self, writer: &mut WriterConnection, latest: Timestamp) -> store::Result<()> {
        for block in self.recent.values_mut().chain(self.older.values_mut()) {
            block.correct(latest);
        }
        seen_rows::correct(writer, latest)
    }

    fn begin_round(&mut self) {
        if self.round.upto.is_none() && self.noted > 0 {
            self.round = Round {
                left: std::mem::take(&mut self.changed),
                upto: Some(self.last),
                ids: self.noted,
            };
        }
    }

    /// Goes on with the round, by so many blocks.
    fn fold(&mut self, writer: &mut WriterConnection, blocks: usize) -> store::Result<()> {
        let Some(upto) = self.round.upto else {
            return Ok(());
        };
        let rest = self.round.left.len().saturating_sub(blocks);
        for key in self.round.left.split_off(rest) {
            if let Some(block) = find(&mut self.recent, &mut self.older, &key) {
                block.changed = false;
                save(writer, &key, block)?;
            }
        }
        if self.round.left.is_empty() {
            let folded = inbox_recent::table.filter(inbox_recent::first_seq.le(upto.value()));
            writer.run(diesel::delete(folded))?;
            self.noted -= self.round.ids;
            self.round = Round::default();
        }
        Ok(())
    }

    /// Sets the bit of an id whose block is loaded, and answers whether it was not set.
    fn set(&mut self, key: Key, id: UpdateId, now: Timestamp) -> bool {
        let block = self.recent.entry(key).or_insert_with(Block::empty);
        let new = block.mark(id, now);
        if new && !std::mem::replace(&mut block.changed, true) {
            self.changed.push(key);
        }
        new
    }

    /// Has all of these blocks in `recent` that there are.
    fn load<'a>(
        &mut self,
        writer: &mut WriterConnection,
        keys: impl IntoIterator<Item = &'a Key>,
    ) -> store::Result<()> {
        self.make_room();
        for key in keys {
            if self.recent.contains_key(key) {
                continue;
            }
            let block = match self.older.remove(key) {
                Some(block) => Some(block),
                None => read(writer, key)?,
            };
            if let Some(block) = block {
                self.recent.insert(*key, block);
            }
        }
        Ok(())
    }

    /// Forgets blocks that did not come by for long, except those that differ from what is on disk.
    fn make_room(&mut self) {
        if self.recent.len() <= self.capacity / 2 + self.changed.len() + self.round.left.len() {
            return;
        }
        let oldest = std::mem::replace(&mut self.older, std::mem::take(&mut self.recent));
        self.recent
            .extend(oldest.into_iter().filter(|(_, block)| block.changed));
    }

    /// Makes room until no more are left than should be, but for those that differ from what is on disk. Whoever comes back is
    /// read back.
    fn forget_quiet(&mut self) {
        self.make_room();
        if self.older.len() > self.capacity {
            self.older.retain(|_, block| block.changed);
            self.older.shrink_to_fit();
        }
    }
}

fn find<'a>(
    recent: &'a mut HashMap<Key, Block>,
    older: &'a mut HashMap<Key, Block>,
    key: &Key,
) -> Option<&'a mut Block> {
    match recent.get_mut(key) {
        Some(block) => Some(block),
        None => older.get_mut(key),
    }
}

#[derive(Insertable)]
#[diesel(table_name = inbox_recent)]
struct RecentRow {
    first_seq: i64,
    ids: Body,
}

/// Blocks that are written now and then although nothing new has come.
const SOME: usize = 64;

/// With so many ids in `inbox_recent`, changed blocks begin to be written.
const FOLD_AT: usize = 16_384;

/// With so many, they are written as fast as new ids come.
const FALLING_BEHIND: usize = 262_144;

#[cfg(test)]
mod tests {
    use ids::ConnectionId;
    use store::{Database, DatabaseUrl, Schema};
    use telegram_bot_api::Envelope;
    use tokio::runtime::Handle;

    use super::*;
    use crate::schema::inbox_seen;

    #[tokio::test(flavor = "multi_thread")]
    async fn quiet_connections_leave_memory_and_are_known_when_they_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::of_sqlite_file(folder.path().join("inbox.db"));
        let database = Database::open(&url, 1).await.unwrap();
        database.migrate(Schema::Main).await.unwrap();
        let mut writer = database.writer(&Handle::current()).unwrap();
        let now = Timestamp::from_unix_seconds(1_764_000_000);
        let all: Vec<Received> = (0..100).map(|number| received(number, now)).collect();
        let mut seen = Seen::new(8);
        for (seq, one) in (1..).zip(&all) {
            assert_eq!(seen.mark(&mut writer, &[one], now).unwrap(), [true]);
            let fresh = [one.queued(Seq::new(seq))];
            seen.note(&mut writer, &fresh, now).unwrap();
        }
        let held = |seen: &Seen| seen.recent.len() + seen.older.len();
        assert_eq!(held(&seen), 100, "none of them is in its table yet");
        let stored = |writer: &mut WriterConnection| -> i64 {
            writer.fetch(inbox_seen::table.count()).unwrap()[0]
        };
        seen.expire(&mut writer, now, false).unwrap();
        assert_eq!(
            stored(&mut writer),
            0,
            "nobody waits for blocks that need not be written"
        );
        // As many as it takes to have them written, by somebody else.
        let busy: Vec<Received> = (0..FOLD_AT as i64)
            .map(|id| Received {
                update_id: UpdateId(id),
                ..received(200, now)
            })
            .collect();
        for (seq, some) in (1_000..).step_by(1_000).zip(busy.chunks(1_000)) {
            let fresh: Vec<_> = (seq..)
                .zip(some)
                .map(|(seq, one)| one.queued(Seq::new(seq)))
                .collect();
            let some: Vec<_> = some.iter().collect();
            seen.mark(&mut writer, &some, now).unwrap();
            seen.note(&mut writer, &fresh, now).unwrap();
        }
        assert!(stored(&mut writer) < 100 + 16);
        for _ in 0..2 {
            seen.expire(&mut writer, now, false).unwrap();
        }
        assert_eq!(stored(&mut writer), 100 + 16);
        assert!(held(&seen) <= 8, "{}", held(&seen));
        for one in &all {
            assert_eq!(seen.mark(&mut writer, &[one], now).unwrap(), [false]);
            // Each half may be over by what the last commit brought.
            assert!(held(&seen) <= 8 + 2, "{}", held(&seen));
        }
    }

    fn received(connection: u8, now: Timestamp) -> Received {
        let body = r#"{"update_id":5,"message":{"message_id":1,"date":1,"chat":{"id":5,"type":"private"}}}"#;
        let envelope = Envelope::read(body.as_bytes()).unwrap();
        let connection = ConnectionId::from_parts(1, [connection; 10]);
        Received::new(connection, &envelope, now, body.into())
    }
}
