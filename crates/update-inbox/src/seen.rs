//! Which updates have come before: a bit for each id, in blocks of 1,024, void 72 hours after a block's last new id.
//!
//! Never "lower than the last one": after a silence Telegram starts anew at any number. It does so after a week, so that the
//! bits of the numbers' last use are void by then.

use std::collections::HashMap;
use std::time::Duration;

use clock::Timestamp;
use diesel::prelude::*;
use diesel::upsert::excluded;
use ids::ConnectionId;
use store::{Columns as _, WriterConnection};
use telegram_bot_api::UpdateId;
use update_dispatcher::{Queued, Seq};

use crate::packed;
use crate::received::Received;
use crate::rows::Body;
use crate::schema::{inbox_recent, inbox_seen};

/// Blocks that came by of late, as the database has them when the present commit succeeds.
///
/// A commit writes the ids it has marked into one small row, `inbox_recent`, and only now and then some of the changed blocks into
/// `inbox_seen`: by then a block has changed many times. What neither has is in no commit. See [`Self::reload`].
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
#[derive(Default)]
struct Round {
    left: Vec<Key>,
    /// The last commit of which all ids will be in `inbox_seen`.
    upto: Option<Seq>,
    ids: usize,
}

type Key = (ConnectionId, i64);

#[derive(Clone)]
struct Block {
    bits: [u8; BLOCK / 8],
    touched_at_us: i64,
    /// Whether it differs from `inbox_seen`.
    changed: bool,
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
                .map(|(owner, id)| (key(owner, id), id))
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
            .map(|update| key(update.lane.connection.clone(), update.update_id))
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

    /// Writes all blocks that have changed, and deletes those that are void.
    pub(crate) fn expire(
        &mut self,
        writer: &mut WriterConnection,
        now: Timestamp,
    ) -> store::Result<usize> {
        self.fold(writer, usize::MAX)?;
        self.begin_round();
        self.fold(writer, usize::MAX)?;
        let horizon = (now - HORIZON).unix_us();
        let void = inbox_seen::table.filter(inbox_seen::touched_at_us.lt(horizon));
        writer.run(diesel::delete(void))
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
        let block = self.recent.entry(key.clone());
        let block = block.or_insert_with(Block::empty);
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
                self.recent.insert(key.clone(), block);
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

/// One by one, which a kept statement makes cheap: any of these connections with any of these blocks would be far more than there are.
fn read(writer: &mut WriterConnection, (owner, number): &Key) -> store::Result<Option<Block>> {
    let stored = inbox_seen::table
        .find((owner.clone(), *number))
        .select(SeenRow::columns());
    Ok(writer
        .fetch_optional::<SeenRow, _>(stored)?
        .map(|row| Block {
            bits: row.bits.try_into().unwrap_or([0; BLOCK / 8]),
            touched_at_us: row.touched_at_us,
            changed: false,
        }))
}

fn save(writer: &mut WriterConnection, key: &Key, block: &Block) -> store::Result<()> {
    let saved = diesel::insert_into(inbox_seen::table)
        .values(SeenRow::new(key, block))
        .on_conflict((inbox_seen::connection_id, inbox_seen::block))
        .do_update()
        .set((
            inbox_seen::bits.eq(excluded(inbox_seen::bits)),
            inbox_seen::touched_at_us.eq(excluded(inbox_seen::touched_at_us)),
        ));
    writer.run(saved).map(drop)
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = inbox_seen, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
#[diesel(treat_none_as_default_value = false)]
struct SeenRow {
    connection_id: ConnectionId,
    block: i64,
    bits: Vec<u8>,
    touched_at_us: i64,
}

#[derive(Insertable)]
#[diesel(table_name = inbox_recent)]
struct RecentRow {
    first_seq: i64,
    ids: Body,
}

impl SeenRow {
    fn new((connection, number): &Key, block: &Block) -> Self {
        Self {
            connection_id: connection.clone(),
            block: *number,
            bits: block.bits.to_vec(),
            touched_at_us: block.touched_at_us,
        }
    }
}

impl Block {
    fn empty() -> Self {
        Self {
            bits: [0; BLOCK / 8],
            touched_at_us: i64::MIN,
            changed: false,
        }
    }

    /// Sets the bit of an id, and answers whether it was not set.
    fn mark(&mut self, id: UpdateId, now: Timestamp) -> bool {
        if now.since(Timestamp::from_unix_us(self.touched_at_us)) > HORIZON {
            self.bits = [0; BLOCK / 8];
        }
        let place = id.value().rem_euclid(BLOCK as i64) as usize;
        let (byte, bit) = (&mut self.bits[place / 8], 1 << (place % 8));
        let new = *byte & bit == 0;
        if new {
            *byte |= bit;
            self.touched_at_us = now.unix_us().max(self.touched_at_us);
        }
        new
    }
}

fn key(owner: ConnectionId, id: UpdateId) -> Key {
    (owner, id.value().div_euclid(BLOCK as i64))
}

/// Ids in a block.
const BLOCK: usize = 1_024;

/// With so many ids in `inbox_recent`, changed blocks begin to be written.
const FOLD_AT: usize = 16_384;

/// With so many, they are written as fast as new ids come.
const FALLING_BEHIND: usize = 262_144;

/// How long an update that came is known to have come. Telegram brings one again for at most 24 hours.
const HORIZON: Duration = Duration::from_secs(72 * 3_600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_knows_its_ids_for_72_hours_after_the_last_new_one() {
        let start = Timestamp::from_unix_seconds(1_000_000);
        let mut block = Block::empty();
        for id in [0, 1, 7, 8, 1_023] {
            assert!(block.mark(UpdateId(id), start), "{id}");
            assert!(!block.mark(UpdateId(id), start), "{id}");
        }
        assert!(!block.mark(UpdateId(7), start + HORIZON));
        assert!(block.mark(UpdateId(2), start + HORIZON));
        assert!(!block.mark(UpdateId(7), start + HORIZON + HORIZON));
        let later = start + HORIZON + HORIZON + Duration::from_secs(1);
        assert!(block.mark(UpdateId(7), later));
        assert!(block.mark(UpdateId(1), later));
    }

    #[test]
    fn a_clock_that_goes_back_forgets_nothing() {
        let start = Timestamp::from_unix_seconds(1_000_000);
        let mut block = Block::empty();
        assert!(block.mark(UpdateId(7), start));
        assert!(!block.mark(UpdateId(7), Timestamp::from_unix_seconds(0)));
    }
}
