//! How often a bot's updates come, so that a silence beyond its own habit is noticed. Bounded: the quietest are forgotten.

use std::collections::HashMap;
use std::time::Duration;

/// The last update of each connection, and its habit. Times are readings of [`clock::Clock::elapsed`].
pub(crate) struct Pulse {
    beats: HashMap<u128, Beat>,
    capacity: usize,
}

#[derive(Clone, Copy)]
struct Beat {
    /// Tenths of a second.
    last: u32,
    /// Seconds between two updates, as it usually is at its quieter times.
    gap: f32,
    /// When the last one was handled, in tenths of a second.
    handled: u32,
    updates: u16,
    /// Whether the silence since the last update was told.
    is_told: bool,
}

/// Together with its key, so that a table that is nearly full takes less than 48 bytes a connection.
const _: () = assert!(size_of::<(u128, Beat)>() <= 32);

impl Pulse {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            beats: HashMap::new(),
            capacity: capacity.max(1),
        }
    }

    /// An update was accepted.
    pub(crate) fn beat(&mut self, connection: u128, now: Duration) {
        let now = tenths(now);
        if let Some(beat) = self.beats.get_mut(&connection) {
            beat.come(now);
            return;
        }
        if self.beats.len() >= self.capacity {
            self.forget_quietest();
        }
        let first = Beat {
            last: now,
            gap: 0.0,
            handled: 0,
            updates: 1,
            is_told: false,
        };
        self.beats.insert(connection, first);
    }

    /// When the last update was accepted.
    pub(crate) fn last(&self, connection: u128) -> Option<Duration> {
        let beat = self.beats.get(&connection)?;
        Some(Duration::from_millis(u64::from(beat.last) * 100))
    }

    /// An update was handled.
    pub(crate) fn handled(&mut self, connection: u128, now: Duration) {
        if let Some(beat) = self.beats.get_mut(&connection) {
            beat.handled = tenths(now);
        }
    }

    /// When the last update was handled; zero when none was.
    pub(crate) fn last_handled(&self, connection: u128) -> Duration {
        let handled = self.beats.get(&connection).map_or(0, |beat| beat.handled);
        Duration::from_millis(u64::from(handled) * 100)
    }

    /// Connections that have been silent for longer than is their habit; each once a silence, and at most so many at once.
    pub(crate) fn fallen_silent(&mut self, now: Duration, most: usize) -> Vec<u128> {
        let now = tenths(now);
        let silent = self.beats.iter_mut().filter(|(_, beat)| beat.is_odd(now));
        let told = silent.take(most).map(|(connection, beat)| {
            beat.is_told = true;
            *connection
        });
        told.collect()
    }

    /// How many connections it knows.
    pub(crate) fn len(&self) -> usize {
        self.beats.len()
    }

    /// Makes room for an eighth of all, so that a full table is not searched for every newcomer.
    fn forget_quietest(&mut self) {
        let mut lasts: Vec<u32> = self.beats.values().map(|beat| beat.last).collect();
        let place = lasts.len() / 8;
        let (_, bound, _) = lasts.select_nth_unstable(place);
        let bound = *bound;
        let mut surplus = place + 1;
        self.beats.retain(|_, beat| {
            let goes = surplus > 0 && beat.last <= bound;
            surplus -= usize::from(goes);
            !goes
        });
    }
}

impl Beat {
    fn come(&mut self, now: u32) {
        let gap = now.saturating_sub(self.last) as f32 / 10.0;
        // Up fast and down slowly: people come in bursts, and the pauses between those are the habit.
        let weight = if gap > self.gap { 4.0 } else { 32.0 };
        self.gap += (gap - self.gap) / weight;
        self.last = self.last.max(now);
        self.updates = self.updates.saturating_add(1);
        self.is_told = false;
    }

    fn is_odd(&self, now: u32) -> bool {
        let silence = now.saturating_sub(self.last) as f32 / 10.0;
        !self.is_told && self.updates >= HABIT && silence > (self.gap * PATIENCE).max(SHORTEST)
    }
}

fn tenths(at: Duration) -> u32 {
    u32::try_from(at.as_millis() / 100).unwrap_or(u32::MAX)
}

/// Updates that make a habit.
const HABIT: u16 = 20;

/// Usual gaps that make a silence.
const PATIENCE: f32 = 10.0;

/// Seconds that no silence is shorter than.
const SHORTEST: f32 = 120.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_silence_is_odd_once_and_only_for_whom_it_is() {
        let mut pulse = Pulse::new(10);
        for second in (0..30).map(|count| count * 30) {
            pulse.beat(1, at(second));
        }
        for second in (0..19).map(|count| count * 30) {
            pulse.beat(2, at(second));
        }
        let end = 29 * 30;
        assert!(pulse.fallen_silent(at(end + 200), 10).is_empty());
        assert_eq!(
            pulse.fallen_silent(at(end + 400), 10),
            [1],
            "2 has no habit yet"
        );
        assert!(pulse.fallen_silent(at(end + 4_000), 10).is_empty());
        pulse.beat(1, at(end + 4_000));
        assert_eq!(pulse.last(1), Some(at(end + 4_000)));
        // The long pause has become a part of its habit.
        assert!(pulse.fallen_silent(at(end + 4_500), 10).is_empty());
        assert_eq!(pulse.fallen_silent(at(end + 40_000), 10), [1]);
    }

    #[test]
    fn a_bot_that_is_busy_is_given_two_minutes() {
        let mut pulse = Pulse::new(10);
        for second in 0..100 {
            pulse.beat(1, at(second));
        }
        assert!(pulse.fallen_silent(at(99 + 119), 10).is_empty());
        assert_eq!(pulse.fallen_silent(at(99 + 121), 10), [1]);
    }

    #[test]
    fn the_quietest_make_room() {
        let mut pulse = Pulse::new(80);
        for connection in 0..80 {
            pulse.beat(connection, at(connection as u64));
        }
        pulse.beat(1_000, at(100));
        assert_eq!(pulse.len(), 80 - 11 + 1);
        assert_eq!((pulse.last(10), pulse.last(11)), (None, Some(at(11))));
        assert!(pulse.last(1_000).is_some());
    }

    #[test]
    fn as_many_as_asked_for_are_told_and_the_others_later() {
        let mut pulse = Pulse::new(10);
        for connection in 0..5 {
            (0..30).for_each(|second| pulse.beat(connection, at(second)));
        }
        let mut told = pulse.fallen_silent(at(1_000), 3);
        assert_eq!(told.len(), 3);
        told.extend(pulse.fallen_silent(at(1_000), 3));
        told.sort_unstable();
        assert_eq!(told, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_hundred_thousand_connections_take_less_than_48_bytes_each() {
        let mut pulse = None;
        let info = allocation_counter::measure(|| {
            let mut filled = Pulse::new(100_000);
            for connection in 0..120_000 {
                filled.beat(connection << 64 | connection, at(connection as u64));
            }
            pulse = Some(filled);
        });
        let held = info.bytes_current;
        assert!(held <= 48 * 100_000, "{held}");
        assert!(pulse.is_some_and(|pulse| pulse.len() <= 100_000));
    }
}
