//! Blocks of update ids as the database has them.

use clock::Timestamp;
use diesel::prelude::*;
use diesel::upsert::excluded;
use ids::ConnectionId;
use store::{Columns as _, WriterConnection};
use telegram_bot_api::UpdateId;

use crate::block::{BLOCK, Block};
use crate::overdue::{self, Share};
use crate::schema::inbox_seen;

/// A connection's block. Of the connection the bits: as text it takes twice the room.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    connection: [u64; 2],
    block: i64,
}

/// One by one, which a kept statement makes cheap: any of these connections with any of these blocks would be far more than there are.
pub(crate) fn read(writer: &mut WriterConnection, key: &Key) -> store::Result<Option<Block>> {
    let stored = inbox_seen::table
        .find((key.connection_id(), key.block))
        .select(SeenRow::columns());
    let row: Option<SeenRow> = writer.fetch_optional(stored)?;
    Ok(row.map(|row| {
        let bits = row.bits.try_into().unwrap_or([0; BLOCK / 8]);
        Block::stored(&bits, row.touched_at_us)
    }))
}

pub(crate) fn save(writer: &mut WriterConnection, key: &Key, block: &Block) -> store::Result<()> {
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

/// Deletes blocks that nothing was added to since then, the oldest first, as many as a commit may bear.
pub(crate) fn delete_untouched(
    writer: &mut WriterConnection,
    since: Timestamp,
) -> store::Result<Share> {
    let since = since.unix_us();
    let void = || inbox_seen::table.filter(inbox_seen::touched_at_us.lt(since));
    let too_many = void()
        .order(inbox_seen::touched_at_us)
        .offset(overdue::MOST)
        .limit(1)
        .select(inbox_seen::touched_at_us);
    let until: Option<i64> = writer.fetch_optional(too_many)?;
    let oldest = void().filter(inbox_seen::touched_at_us.le(until.unwrap_or(since)));
    Ok(Share {
        deleted: writer.run(diesel::delete(oldest))?,
        more: until.is_some(),
        ..Share::default()
    })
}

/// Corrects blocks that were touched later than the latest time there can be, the latest first, as many as a commit may bear.
pub(crate) fn correct(writer: &mut WriterConnection, latest: Timestamp) -> store::Result<()> {
    let latest = latest.unix_us();
    let wrong = || inbox_seen::table.filter(inbox_seen::touched_at_us.gt(latest));
    let too_many = wrong()
        .order(inbox_seen::touched_at_us.desc())
        .offset(overdue::MOST)
        .limit(1)
        .select(inbox_seen::touched_at_us);
    let from: Option<i64> = writer.fetch_optional(too_many)?;
    let some = wrong().filter(inbox_seen::touched_at_us.ge(from.unwrap_or(latest)));
    let corrected = diesel::update(some).set(inbox_seen::touched_at_us.eq(latest));
    writer.run(corrected).map(drop)
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
    fn new(key: &Key, block: &Block) -> Self {
        Self {
            connection_id: key.connection_id(),
            block: key.block,
            bits: block.bits().to_vec(),
            touched_at_us: block.touched_at_us(),
        }
    }
}

impl Key {
    pub(crate) fn of(owner: &ConnectionId, id: UpdateId) -> Self {
        let bits = owner.to_bits();
        Self {
            connection: [(bits >> 64) as u64, bits as u64],
            block: id.value().div_euclid(BLOCK as i64),
        }
    }

    fn connection_id(&self) -> ConnectionId {
        let [high, low] = self.connection.map(u128::from);
        ConnectionId::from_bits(high << 64 | low)
    }
}
