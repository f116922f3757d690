//! Counts requests without proof of their origin when there are too many to give each a row.

use std::collections::HashMap;
use std::net::IpAddr;

use clock::Timestamp;
use ids::ProjectId;

use crate::config::Config;
use crate::outcome::Outcome;
use crate::parts::prefix_of;
use crate::waiting::WaitingRequest;

pub(crate) struct Folds {
    full_per_prefix: u32,
    full_per_minute: u32,
    prefixes: usize,
    minute: i64,
    /// Rows of their own that this minute's requests were given.
    full: u32,
    open: HashMap<Key, Fold>,
    /// Folds of minutes that are over.
    done: Vec<Folded>,
}

/// Several requests in one row.
#[derive(Debug)]
pub(crate) struct Folded {
    /// When the first of them came.
    pub(crate) at_us: i64,
    pub(crate) connection: Option<u128>,
    pub(crate) project: Option<ProjectId>,
    /// Where they came from; nothing when from several places.
    pub(crate) prefix: Option<IpAddr>,
    pub(crate) outcome: Outcome,
    pub(crate) status: u16,
    pub(crate) bytes: u64,
    pub(crate) count: u64,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    outcome: Outcome,
    /// Nothing stands for all prefixes that came too late in the minute to be told apart.
    prefix: Option<IpAddr>,
    connection: Option<u128>,
}

#[derive(Default)]
struct Fold {
    full: u32,
    folded: Option<Folded>,
}

impl Folds {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            full_per_prefix: config.full_per_prefix,
            full_per_minute: config.full_per_minute,
            prefixes: config.prefixes,
            minute: i64::MIN,
            full: 0,
            open: HashMap::new(),
            done: Vec::new(),
        }
    }

    /// Counts a request in, and answers whether it still gets a row of its own.
    pub(crate) fn admit(&mut self, record: &WaitingRequest) -> bool {
        self.turn_to(Timestamp::from_unix_us(record.at_us));
        let mut key = Key::of(record);
        if self.open.len() >= self.prefixes && !self.open.contains_key(&key) {
            key = Key::elsewhere(record);
        }
        let prefix = key.prefix;
        let fold = self.open.entry(key).or_default();
        if fold.full < self.full_per_prefix && self.full < self.full_per_minute {
            fold.full += 1;
            self.full += 1;
            return true;
        }
        fold.folded
            .get_or_insert_with(|| Folded::empty(record, prefix))
            .add(record.bytes, 1);
        false
    }

    /// The folds of minutes that are over, and with `all` what the present minute has so far.
    pub(crate) fn take(&mut self, now: Timestamp, all: bool) -> Vec<Folded> {
        self.turn_to(now);
        if all {
            let open = self.open.values_mut();
            self.done.extend(open.filter_map(|fold| fold.folded.take()));
        }
        std::mem::take(&mut self.done)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.done.is_empty() && self.open.is_empty()
    }

    fn turn_to(&mut self, time: Timestamp) {
        let minute = time.unix_seconds().div_euclid(60);
        // Requests end in another order than they began; a minute that is just over does not come back.
        if minute == self.minute || minute + 1 == self.minute {
            return;
        }
        self.minute = minute;
        self.full = 0;
        let open = self.open.drain();
        self.done.extend(open.filter_map(|(_, fold)| fold.folded));
        if self.done.len() > 8 * self.prefixes {
            self.merge_done();
        }
    }

    /// Nobody takes the folds, because the database fails: keep the counts, and let go of the places.
    fn merge_done(&mut self) {
        let mut merged: HashMap<Outcome, Folded> = HashMap::new();
        for one in self.done.drain(..) {
            match merged.get_mut(&one.outcome) {
                Some(sum) => sum.add(one.bytes, one.count),
                None => {
                    let placeless = Folded {
                        connection: None,
                        project: None,
                        prefix: None,
                        ..one
                    };
                    merged.insert(placeless.outcome, placeless);
                }
            }
        }
        self.done.extend(merged.into_values());
    }
}

impl Folded {
    pub(crate) fn empty(first: &WaitingRequest, prefix: Option<IpAddr>) -> Self {
        Self {
            at_us: first.at_us,
            connection: first.connection().filter(|_| prefix.is_some()),
            project: first.project.clone().filter(|_| prefix.is_some()),
            prefix,
            outcome: first.outcome,
            status: first.status,
            bytes: 0,
            count: 0,
        }
    }

    pub(crate) fn add(&mut self, bytes: u64, count: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.count += count;
    }
}

impl Key {
    fn of(record: &WaitingRequest) -> Self {
        Self {
            outcome: record.outcome,
            prefix: Some(prefix_of(record.remote)),
            connection: record.connection(),
        }
    }

    fn elsewhere(record: &WaitingRequest) -> Self {
        Self {
            outcome: record.outcome,
            prefix: None,
            connection: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ids::RequestId;

    use super::*;
    use crate::record::RequestRecord;

    fn reject(remote: &str, at: Timestamp) -> WaitingRequest {
        WaitingRequest::of(RequestRecord {
            at,
            request_id: RequestId::from_parts(0, [0; 10]),
            connection: None,
            project: None,
            proved: false,
            remote: remote.parse().unwrap(),
            outcome: Outcome::RejectedUnknownPath,
            status: 404,
            bytes: 10,
            update_id: None,
            kind: None,
            read_us: 0,
            store_us: 0,
            total_us: 5,
        })
    }

    #[test]
    fn every_request_is_counted_once_whatever_the_minute_and_the_place() {
        let mut folds = Folds::new(&Config {
            full_per_prefix: 3,
            full_per_minute: 10,
            prefixes: 4,
            ..Config::default()
        });
        let start = Timestamp::from_unix_seconds(6_000);
        let (mut full, mut folded, mut most) = (0, 0, 0);
        for second in 0..600_u64 {
            // Clocks step back, too.
            let second = if second == 300 { 100 } else { second };
            let at = start + Duration::from_secs(second);
            for place in 0..20 {
                full +=
                    u64::from(folds.admit(&reject(&format!("192.0.{place}.{}", second % 256), at)));
            }
            if second % 40 == 0 {
                let rows = folds.take(at, second % 80 == 0);
                most = most.max(rows.len());
                folded += rows.iter().map(|row| row.count).sum::<u64>();
            }
        }
        folded += folds
            .take(start, true)
            .iter()
            .map(|row| row.count)
            .sum::<u64>();
        assert_eq!(full + folded, 600 * 20);
        assert!(full <= 10 * 13, "{full}");
        assert!(
            most <= 5 * 3,
            "{most}: four places and elsewhere, in three minutes"
        );
    }

    #[test]
    fn a_log_that_nobody_takes_from_stays_small() {
        let mut folds = Folds::new(&Config {
            full_per_minute: 0,
            prefixes: 4,
            ..Config::default()
        });
        for minute in 0..1_000 {
            let at = Timestamp::from_unix_seconds(minute * 60);
            folds.admit(&reject("192.0.2.1", at));
            folds.admit(&reject("2001:db8::1", at));
        }
        assert!(folds.done.len() <= 40);
        let rows = folds.take(Timestamp::from_unix_seconds(0), true);
        assert_eq!(rows.iter().map(|row| row.count).sum::<u64>(), 2_000);
        assert_eq!(rows.iter().map(|row| row.bytes).sum::<u64>(), 20_000);
    }
}
