//! What is worth showing to observers who want to know of trouble: a busy bot that is well is well with each of its updates.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::outcome::Outcome;
use crate::record::Became;
use crate::waiting::{WaitingRequest, WaitingUpdate};

/// Remembers, roughly, in which second each connection was shown to be well.
pub(crate) struct News(Box<[AtomicU64]>);

impl News {
    pub(crate) fn new() -> Self {
        Self((0..PLACES).map(|_| AtomicU64::new(0)).collect())
    }

    pub(crate) fn is_request(&self, record: &WaitingRequest) -> bool {
        let well = record.outcome == Outcome::Accepted;
        let connection = record.connection();
        connection.is_none_or(|connection| self.is(connection, record.at_us, well))
    }

    pub(crate) fn is_update(&self, record: &WaitingUpdate) -> bool {
        let well = !matches!(record.what, Became::Dead { .. });
        // Apart from its requests.
        self.is(!record.connection, record.at_us, well)
    }

    /// The first of a second, and the first after trouble. Two connections that meet in a place are shown too often.
    fn is(&self, connection: u128, at_us: i64, well: bool) -> bool {
        let folded = (connection >> 64) as u64 ^ connection as u64;
        let mixed = folded.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = &self.0[(mixed >> 32) as usize % PLACES];
        let second = (at_us / 1_000_000) as u64;
        let shown = mixed ^ second.wrapping_mul(0xd6e8_feb8_6659_fd93);
        if !well {
            place.store(0, Ordering::Relaxed);
            return true;
        }
        if place.load(Ordering::Relaxed) == shown {
            return false;
        }
        place.store(shown, Ordering::Relaxed);
        true
    }
}

/// 32 KiB.
const PLACES: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000;

    #[test]
    fn who_is_well_is_news_once_a_second_and_after_trouble() {
        let news = News::new();
        assert!(news.is(1, S, true));
        assert!(!news.is(1, S + 999_999, true));
        assert!(news.is(2, S + 999_999, true), "another");
        assert!(news.is(1, 2 * S, true), "the next second");
        assert!(news.is(1, 2 * S, false), "trouble always is");
        assert!(news.is(1, 2 * S, false));
        assert!(news.is(1, 2 * S, true), "and that it is over");
        assert!(!news.is(1, 2 * S, true));
    }

    #[test]
    fn those_who_meet_in_a_place_are_never_hidden() {
        let news = News::new();
        for connection in 1..=100_000 {
            assert!(news.is(connection, S, true), "{connection}");
        }
    }
}
