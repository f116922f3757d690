//! Which updates have come before: a bit for each id, in blocks of 1,024, void 72 hours after a block's last new id.
//!
//! Never "lower than the last one": after a silence Telegram starts anew at any number. It does so after a week, so that the
//! bits of the numbers' last use are void by then.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use clock::Timestamp;
use diesel::prelude::*;
use diesel::upsert::excluded;
use ids::ConnectionId;
use store::{Columns as _, WriterConnection};
use telegram_bot_api::UpdateId;

use crate::received::Received;
use crate::schema::inbox_seen;

/// Blocks that came by of late. They are what is on disk only as long as every commit succeeds: see [`Self::forget`].
pub(crate) struct Seen {
    recent: HashMap<Key, Block>,
    older: HashMap<Key, Block>,
    capacity: usize,
}

type Key = (ConnectionId, i64);

#[derive(Clone)]
struct Block {
    bits: [u8; BLOCK / 8],
    touched_at_us: i64,
}

impl Seen {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            recent: HashMap::new(),
            older: HashMap::new(),
            capacity: capacity.max(2),
        }
    }

    /// Marks updates as seen, and answers which of them are new. To be called in the transaction that stores those.
    pub(crate) fn mark(
        &mut self,
        writer: &mut WriterConnection,
        received: &[&Received],
        now: Timestamp,
    ) -> store::Result<Vec<bool>> {
        self.load(writer, received)?;
        let mut changed = BTreeSet::new();
        let mut fresh = Vec::with_capacity(received.len());
        for update in received {
            let key = key(update);
            let block = self.recent.entry(key.clone()).or_insert_with(Block::empty);
            let new = block.mark(update.update_id, now);
            if new {
                changed.insert(key);
            }
            fresh.push(new);
        }
        self.save(writer, &changed)?;
        Ok(fresh)
    }

    /// Forgets what is in memory: after a failed commit it is not what is on disk.
    pub(crate) fn forget(&mut self) {
        self.recent.clear();
        self.older.clear();
    }

    /// Has all blocks of these updates in `recent` that there are.
    fn load(&mut self, writer: &mut WriterConnection, received: &[&Received]) -> store::Result<()> {
        if self.recent.len() > self.capacity / 2 {
            self.older = std::mem::take(&mut self.recent);
        }
        let mut connections = BTreeSet::new();
        let mut blocks = BTreeSet::new();
        for key in received.iter().map(|update| key(update)) {
            if self.recent.contains_key(&key) {
                continue;
            }
            if let Some(block) = self.older.remove(&key) {
                self.recent.insert(key, block);
            } else {
                connections.insert(key.0);
                blocks.insert(key.1);
            }
        }
        if connections.is_empty() {
            return Ok(());
        }
        let stored = inbox_seen::table
            .filter(inbox_seen::connection_id.eq_any(connections))
            .filter(inbox_seen::block.eq_any(blocks))
            .select(SeenRow::columns());
        for row in writer.fetch::<SeenRow, _>(stored)? {
            // Any connection with any block: some may be here already, and newer.
            self.recent
                .entry((row.connection_id, row.block))
                .or_insert(Block {
                    bits: row.bits.try_into().unwrap_or([0; BLOCK / 8]),
                    touched_at_us: row.touched_at_us,
                });
        }
        Ok(())
    }

    fn save(&self, writer: &mut WriterConnection, changed: &BTreeSet<Key>) -> store::Result<()> {
        let rows: Vec<SeenRow> = changed
            .iter()
            .filter_map(|key| Some(SeenRow::new(key, self.recent.get(key)?)))
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let saved = diesel::insert_into(inbox_seen::table)
            .values(rows)
            .on_conflict((inbox_seen::connection_id, inbox_seen::block))
            .do_update()
            .set((
                inbox_seen::bits.eq(excluded(inbox_seen::bits)),
                inbox_seen::touched_at_us.eq(excluded(inbox_seen::touched_at_us)),
            ));
        writer.run_batch(saved).map(drop)
    }
}

/// Deletes the blocks that are void.
pub(crate) fn delete_void(writer: &mut WriterConnection, now: Timestamp) -> store::Result<usize> {
    let horizon = (now - HORIZON).unix_us();
    writer.run(diesel::delete(
        inbox_seen::table.filter(inbox_seen::touched_at_us.lt(horizon)),
    ))
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
            self.touched_at_us = now.unix_us();
        }
        new
    }
}

fn key(update: &Received) -> Key {
    let block = update.update_id.value().div_euclid(BLOCK as i64);
    (update.lane.connection.clone(), block)
}

/// Ids in a block.
const BLOCK: usize = 1_024;

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
