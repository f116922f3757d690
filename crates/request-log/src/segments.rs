//! The segment that grows: what is put into it, when the next one begins, and what is written of it.

use std::collections::BTreeMap;

use clock::Timestamp;
use store::WriterConnection;

use crate::bits;
use crate::encode::Encoder;
use crate::folds::Folded;
use crate::outcome::Outcome;
use crate::owners::{self, RUN, run_of};
use crate::table::{self, SegmentRow};
use crate::unsettled::Unsettled;
use crate::waiting::{WaitingRequest, WaitingUpdate};
use crate::wire::put;

/// What goes into one segment at once.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a> {
    pub(crate) requests: &'a [WaitingRequest],
    pub(crate) folds: &'a [Folded],
    pub(crate) updates: &'a [WaitingUpdate],
    /// When it is written.
    pub(crate) at: Timestamp,
}

pub(crate) struct Segments {
    truncate_addresses: bool,
    /// The segment that grows; before the first one of this process, what the last process left.
    row: SegmentRow,
    /// The greatest lag and lead of the segments before.
    before: (i64, i64),
    /// Whether the segment is this process's own, and is written to yet.
    is_open: bool,
    is_written: bool,
    encoder: Encoder,
    unsettled: Unsettled,
    /// By segment: the keys of updates that were settled in this one.
    followups: BTreeMap<i64, Followup>,
    strays: Vec<i64>,
}

#[derive(Default)]
struct Followup {
    keys: Vec<u8>,
    is_written: bool,
}

impl Segments {
    /// Goes on after the last segment that the database has.
    pub(crate) fn load(
        writer: &mut WriterConnection,
        truncate_addresses: bool,
    ) -> store::Result<Self> {
        let none = SegmentRow {
            segment: 0,
            opened_us: i64::MIN,
            first_us: 0,
            last_us: 0,
            lag_us: 0,
            lead_us: 0,
            entries: 0,
            outcomes: Vec::new(),
        };
        Ok(Self {
            truncate_addresses,
            row: table::newest(writer)?.unwrap_or(none),
            before: (0, 0),
            is_open: false,
            is_written: false,
            encoder: Encoder::new(),
            unsettled: Unsettled::new(UNSETTLED),
            followups: BTreeMap::new(),
            strays: Vec::new(),
        })
    }

    /// Takes records in: into the segment that is there while that is small and young, into the next one otherwise.
    pub(crate) fn take_in(&mut self, piece: Piece<'_>) {
        if !self.has_room(piece.at) {
            self.begin(piece.at);
        }
        for record in piece.requests {
            self.note_request(record);
            self.encoder.request(record, self.truncate_addresses);
        }
        for fold in piece.folds {
            self.encoder.fold(fold);
        }
        for record in piece.updates {
            self.note_update(record);
            self.encoder.update(record);
        }
        self.strays.sort_unstable();
        self.sum_up();
    }

    /// Writes what is not written of the segment. After a failure it may be repeated, also when in truth it succeeded.
    pub(crate) fn save(&self, writer: &mut WriterConnection) -> store::Result<()> {
        let segment = self.row.segment;
        writer.transaction(|writer| {
            if !self.is_written && segment % RUN == 0 {
                table::index_run(writer, run_of(segment) - 1)?;
            }
            let owners = owners::pack(&self.encoder.owners);
            table::save_segment(writer, self.row.clone(), owners, &self.encoder.body)?;
            for (earlier, followup) in self.followups.iter().filter(|(_, one)| !one.is_written) {
                table::save_followup(writer, *earlier, segment, &followup.keys)?;
            }
            table::save_strays(writer, segment, &self.strays)
        })
    }

    /// What was taken in is on disk.
    pub(crate) fn saved(&mut self) {
        self.is_written = true;
        self.strays.clear();
        for followup in self.followups.values_mut() {
            followup.is_written = true;
        }
        self.unsettled.shrink();
    }

    fn has_room(&self, now: Timestamp) -> bool {
        let age_us = now.unix_us().saturating_sub(self.row.opened_us);
        self.is_open && self.encoder.body.len() < REWRITTEN_BYTES && age_us < LONGEST_US
    }

    fn begin(&mut self, now: Timestamp) {
        self.before = (self.row.lag_us, self.row.lead_us);
        self.row.segment += 1;
        self.row.opened_us = self.row.opened_us.max(now.unix_us());
        self.is_open = true;
        self.is_written = false;
        self.encoder.clear();
        self.followups.clear();
    }

    fn note_request(&mut self, record: &WaitingRequest) {
        if record.outcome == Outcome::Accepted
            && let Some((connection, update_id)) = record.connection().zip(record.update_id())
        {
            let key = bits::update_key(connection, update_id);
            self.unsettled.begin(key, self.row.segment);
        }
    }

    fn note_update(&mut self, record: &WaitingUpdate) {
        let key = bits::update_key(record.connection, record.update_id);
        match self.unsettled.settle(key) {
            Some(segment) if segment == self.row.segment => {}
            Some(segment) => {
                let followup = self.followups.entry(segment).or_default();
                followup.keys.extend(bits::short_key(key));
                followup.is_written = false;
            }
            None => self.strays.push(key as i64),
        }
    }

    fn sum_up(&mut self) {
        let row = &mut self.row;
        (row.first_us, row.last_us) = self.encoder.span.unwrap_or((row.opened_us, row.opened_us));
        row.lag_us = self
            .before
            .0
            .max(row.opened_us.saturating_sub(row.first_us));
        row.lead_us = self.before.1.max(row.last_us.saturating_sub(row.opened_us));
        row.entries = self.encoder.entries.into();
        row.outcomes.clear();
        for (outcome, count) in Outcome::ALL.iter().zip(self.encoder.outcomes) {
            if count > 0 {
                row.outcomes.push(outcome.code());
                put(&mut row.outcomes, count);
            }
        }
    }
}

/// A segment is written anew with each batch until it has so many bytes: four pages, about what a commit costs anyway.
const REWRITTEN_BYTES: usize = 16 << 10;

/// A segment of a quiet server ends after an hour, so that it can be found by its time.
const LONGEST_US: i64 = 3_600_000_000;

/// Requests whose segment is remembered until their update is settled, at the least: about 5 MB when there are so many.
const UNSETTLED: usize = 65_536;

#[cfg(test)]
mod tests {
    use clock::Clock;
    use ids::RequestId;
    use store::Schema;
    use store::testing::on_every_database;
    use tokio::runtime::Handle;

    use super::*;
    use crate::record::{Became, RequestRecord, UpdateRecord};

    fn request(at: Timestamp) -> WaitingRequest {
        WaitingRequest::of(RequestRecord {
            at,
            request_id: RequestId::from_parts(1, [0; 10]),
            connection: Some(bits::connection(1)),
            project: Some("prj_1".parse().unwrap()),
            proved: true,
            remote: [192, 0, 2, 1].into(),
            outcome: Outcome::Accepted,
            status: 200,
            bytes: 1,
            update_id: Some(1),
            kind: None,
            read_us: 1,
            store_us: 1,
            total_us: 1,
        })
    }

    fn update(at: Timestamp) -> WaitingUpdate {
        WaitingUpdate::of(UpdateRecord {
            connection: bits::connection(1),
            update_id: 1,
            at,
            what: Became::Handled,
            handler_us: 1,
        })
    }

    /// As after a commit whose answer was lost: more than a run of segments, with followups and strays.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_written_again_is_there_once() {
        on_every_database(Schema::Requests, async |database| {
            let handle = Handle::current();
            let (clock, hands) = Clock::manual();
            let writing = move || {
                let mut link = database.writer(&handle).unwrap();
                let mut segments = Segments::load(&mut link, false).unwrap();
                for _ in 0..RUN + 2 {
                    let at = clock.now();
                    let (requests, updates) = ([request(at)], [update(at), update(at)]);
                    for requests in [&requests[..], &[]] {
                        segments.take_in(Piece {
                            requests,
                            folds: &[],
                            updates: &updates,
                            at,
                        });
                        segments.save(&mut link).unwrap();
                        segments.save(&mut link).unwrap();
                        segments.saved();
                    }
                    hands.advance(std::time::Duration::from_micros(LONGEST_US as u64));
                }
                let newest = table::newest(&mut link).unwrap().unwrap();
                assert_eq!((newest.segment, newest.entries), (RUN + 2, 5));
                assert_eq!(newest.outcomes, [Outcome::Accepted.code(), 1]);
            };
            tokio::task::spawn_blocking(writing).await.unwrap();
        })
        .await;
    }
}
