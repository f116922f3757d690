//! Fresh updates on disk, one row a commit: which of them are not finished, and how those that stay get rows of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clock::Timestamp;
use diesel::prelude::*;
use diesel::upsert::excluded;
use store::{Columns as _, WriterConnection};
use update_dispatcher::{Queued, Seq};

use crate::packed;
use crate::pending;
use crate::rows::{Body, count};
use crate::schema::{inbox_batches, inbox_done, octet_length};

/// The batches that are not done, as the database has them when the present commit succeeds.
#[derive(Clone, Default)]
pub(crate) struct Batches {
    live: BTreeMap<Seq, Batch>,
    bytes: usize,
    /// To be moved with the next commit: nobody has these in memory.
    leaving: Leaving,
}

#[derive(Clone)]
struct Batch {
    done: Bits,
    undone: usize,
    bytes: usize,
    received_at: Timestamp,
    /// When it was stored, on the clock's [`clock::Clock::elapsed`].
    stored: Duration,
    /// Whether `done` differs from what is on disk.
    changed: bool,
    has_done_row: bool,
}

#[derive(Clone, Default)]
struct Leaving {
    some: BTreeSet<Seq>,
    /// Everything from this number on.
    from: Option<Seq>,
}

impl Batches {
    /// Reads what the database has. What was never handed over, from `unseen` on, will be moved.
    pub(crate) fn reload(
        &mut self,
        writer: &mut WriterConnection,
        unseen: Seq,
        stored: Duration,
    ) -> store::Result<()> {
        let rows: Vec<(i64, i32, i64, i32)> = writer.fetch(
            inbox_batches::table
                .order(inbox_batches::first_seq)
                .select((
                    inbox_batches::first_seq,
                    inbox_batches::updates,
                    inbox_batches::received_at_us,
                    octet_length(inbox_batches::body),
                )),
        )?;
        let marks: Vec<DoneRow> = writer.fetch(inbox_done::table.select(DoneRow::columns()))?;
        let mut marks: BTreeMap<i64, Body> = marks
            .into_iter()
            .map(|row| (row.first_seq, row.done))
            .collect();
        self.live.clear();
        self.bytes = 0;
        for (first, updates, received_at_us, bytes) in rows {
            let mut done = Bits::new(usize::try_from(updates).unwrap_or(0));
            let marks = marks.remove(&first);
            if let Some(marks) = &marks {
                done.read(&marks.0);
            }
            let bytes = usize::try_from(bytes).unwrap_or(0);
            self.bytes += bytes;
            let batch = Batch {
                undone: done.unset(),
                done,
                bytes,
                received_at: Timestamp::from_unix_us(received_at_us),
                stored,
                changed: false,
                has_done_row: marks.is_some(),
            };
            self.live.insert(Seq::new(first), batch);
        }
        self.leave_from(unseen);
        Ok(())
    }

    /// What the database has, as it was read before. What was never handed over, from `unseen` on, will be moved, and so will
    /// what was asked for since.
    pub(crate) fn restore(&mut self, read: &Self, unseen: Seq) {
        let leaving = std::mem::take(&mut self.leaving);
        *self = read.clone();
        self.leaving.some.extend(leaving.some);
        leaving
            .from
            .into_iter()
            .for_each(|from| self.leave_from(from));
        self.leave_from(unseen);
    }

    /// Writes fresh updates, whose numbers follow each other.
    pub(crate) fn add(
        &mut self,
        writer: &mut WriterConnection,
        fresh: &[Queued],
        stored: Duration,
    ) -> store::Result<()> {
        let Some(first) = fresh.first() else {
            return Ok(());
        };
        let body = packed::pack(fresh);
        let batch = Batch {
            done: Bits::new(fresh.len()),
            undone: fresh.len(),
            bytes: body.len(),
            received_at: first.received_at,
            stored,
            changed: false,
            has_done_row: false,
        };
        let row = BatchRow {
            first_seq: first.seq.value(),
            updates: count(u32::try_from(fresh.len()).unwrap_or(u32::MAX)),
            received_at_us: first.received_at.unix_us(),
            body: Body(body.into()),
        };
        writer.run(diesel::insert_into(inbox_batches::table).values(row))?;
        self.bytes += batch.bytes;
        self.live.insert(first.seq, batch);
        Ok(())
    }

    /// Marks an update as done; answers whether it was in a batch, and had no row of its own.
    pub(crate) fn finish(&mut self, seq: Seq) -> bool {
        let Some((first, batch)) = self.live.range_mut(..=seq).next_back() else {
            return false;
        };
        let place = place(*first, seq);
        if place >= batch.done.len {
            return false;
        }
        batch.mark(place)
    }

    /// These are to get rows of their own: nobody has them in memory.
    pub(crate) fn leave(&mut self, some: impl IntoIterator<Item = Seq>) {
        self.leaving.some.extend(some);
    }

    /// All from this number on are to get rows of their own.
    pub(crate) fn leave_from(&mut self, from: Seq) {
        let earlier = self.leaving.from.map_or(from, |known| known.min(from));
        self.leaving.from = Some(earlier);
    }

    /// Whether something is to get a row of its own.
    pub(crate) fn has_leavers(&self) -> bool {
        let some = self.leaving.some.first().copied();
        let from = self.leaving.from.into_iter().chain(some).min();
        from.is_some_and(|from| from < self.end())
    }

    /// Gives rows of their own to those that are to get one, to `also`, and to what has been here for long.
    pub(crate) fn move_out(
        &mut self,
        writer: &mut WriterConnection,
        also: impl IntoIterator<Item = Seq>,
        now: Duration,
    ) -> store::Result<()> {
        self.leaving.some.extend(also);
        let aged = self.aged(now);
        if aged.is_none() && self.leaving.from.is_none() && self.leaving.some.is_empty() {
            return Ok(());
        }
        let mut unreadable = Vec::new();
        for (first, batch) in &mut self.live {
            let places = match &self.leaving {
                _ if Some(*first) == aged => batch.done.unset_places(|_| true),
                leaving if leaving.touches(*first, batch.done.len) => batch
                    .done
                    .unset_places(|place| leaving.takes(seq(*first, place))),
                _ => Vec::new(),
            };
            if places.is_empty() {
                continue;
            }
            match read(writer, *first, &places)? {
                Some(rows) => pending::insert(writer, &rows)?,
                None => unreadable.push(*first),
            }
            for place in places {
                batch.mark(place);
            }
        }
        for first in unreadable {
            // It stays on disk as it is, and stands in nobody's way.
            tracing::error!(
                batch = first.value(),
                "a batch of updates cannot be unpacked"
            );
            self.bytes -= self.live.remove(&first).map_or(0, |batch| batch.bytes);
        }
        #[cfg(feature = "failpoints")]
        fail::fail_point!("inbox-after-move-out", |_| std::process::abort());
        Ok(())
    }

    /// Writes what is done, and deletes the batches of which everything is.
    pub(crate) fn save(&mut self, writer: &mut WriterConnection) -> store::Result<()> {
        for (first, batch) in self.live.iter_mut().filter(|(_, batch)| batch.changed) {
            let first_seq = first.value();
            if batch.undone == 0 {
                writer.run(diesel::delete(inbox_batches::table.find(first_seq)))?;
                if batch.has_done_row {
                    writer.run(diesel::delete(inbox_done::table.find(first_seq)))?;
                }
                self.bytes -= batch.bytes;
            } else {
                let done = Body(batch.done.bytes().into());
                writer.run(
                    diesel::insert_into(inbox_done::table)
                        .values(DoneRow { first_seq, done })
                        .on_conflict(inbox_done::first_seq)
                        .do_update()
                        .set(inbox_done::done.eq(excluded(inbox_done::done))),
                )?;
                batch.has_done_row = true;
                batch.changed = false;
            }
        }
        self.live.retain(|_, batch| batch.undone > 0);
        Ok(())
    }

    /// The commit succeeded: those that were to get rows have them.
    pub(crate) fn saved(&mut self) {
        self.leaving = Leaving::default();
    }

    /// How many updates are not done, and when the oldest of their batches came.
    pub(crate) fn depth(&self) -> (usize, Option<Timestamp>) {
        let undone = self.live.values().map(|batch| batch.undone).sum();
        let oldest = self.live.first_key_value();
        (undone, oldest.map(|(_, batch)| batch.received_at))
    }

    /// The oldest batch if its space should be given back.
    fn aged(&self, now: Duration) -> Option<Seq> {
        let (first, batch) = self.live.first_key_value()?;
        let old = now.saturating_sub(batch.stored) > OLD;
        (old || self.bytes > MOST_BYTES).then_some(*first)
    }

    /// After the last update of all batches.
    fn end(&self) -> Seq {
        self.live
            .last_key_value()
            .map_or(Seq::ZERO, |(first, batch)| seq(*first, batch.done.len))
    }
}

impl Leaving {
    fn takes(&self, seq: Seq) -> bool {
        self.from.is_some_and(|from| seq >= from) || self.some.contains(&seq)
    }

    fn touches(&self, first: Seq, updates: usize) -> bool {
        let after = seq(first, updates);
        self.from.is_some_and(|from| after > from) || self.some.range(first..after).next().is_some()
    }
}

impl Batch {
    /// Answers whether it was not marked.
    fn mark(&mut self, place: usize) -> bool {
        let new = self.done.set(place);
        if new {
            self.undone -= 1;
            self.changed = true;
        }
        new
    }
}

/// Some updates of a batch, by their places; nothing when they cannot be read.
fn read(
    writer: &mut WriterConnection,
    first: Seq,
    places: &[usize],
) -> store::Result<Option<Vec<Queued>>> {
    let body = inbox_batches::table
        .find(first.value())
        .select(inbox_batches::body);
    let body: Option<Body> = writer.fetch_optional(body)?;
    let Some(all) = body.and_then(|body| packed::unpack(first, &body.0)) else {
        return Ok(None);
    };
    let mut all = all.into_iter();
    let mut passed = 0;
    let mut taken = Vec::with_capacity(places.len());
    for place in places {
        taken.extend(all.nth(place - passed));
        passed = place + 1;
    }
    Ok((taken.len() == places.len()).then_some(taken))
}

fn place(first: Seq, seq: Seq) -> usize {
    usize::try_from(seq.value() - first.value()).unwrap_or(usize::MAX)
}

fn seq(first: Seq, place: usize) -> Seq {
    Seq::new(first.value().saturating_add(place as i64))
}

/// A bit for each update of a batch.
#[derive(Clone)]
struct Bits {
    words: Vec<u8>,
    len: usize,
}

impl Bits {
    fn new(len: usize) -> Self {
        Self {
            words: vec![0; len.div_ceil(8)],
            len,
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        for (word, byte) in self.words.iter_mut().zip(bytes) {
            *word = *byte;
        }
    }

    fn bytes(&self) -> Vec<u8> {
        self.words.clone()
    }

    fn is_set(&self, place: usize) -> bool {
        self.words[place / 8] & 1 << (place % 8) != 0
    }

    /// Answers whether it was not set.
    fn set(&mut self, place: usize) -> bool {
        let new = !self.is_set(place);
        self.words[place / 8] |= 1 << (place % 8);
        new
    }

    fn unset(&self) -> usize {
        (0..self.len).filter(|place| !self.is_set(*place)).count()
    }

    fn unset_places(&self, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.len)
            .filter(|place| !self.is_set(*place) && wanted(*place))
            .collect()
    }
}

#[derive(Insertable)]
#[diesel(table_name = inbox_batches)]
struct BatchRow {
    first_seq: i64,
    updates: i32,
    received_at_us: i64,
    body: Body,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = inbox_done, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
struct DoneRow {
    first_seq: i64,
    done: Body,
}

/// After so long a batch with something undone in it is taken apart, so that what is done does not fill the disk.
const OLD: Duration = Duration::from_secs(2);

/// When batches are so big together, the oldest is taken apart with each commit.
const MOST_BYTES: usize = 16 << 20;
