//! Who is to be inspected next, and when: one inspection of a connection at a time, one more waiting, and ever longer pauses while
//! they show the same. Nothing here waits or asks.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::signal::Cause;

/// The inspections that were asked for. Times are readings of [`clock::Clock::elapsed`].
pub(crate) struct Desk {
    capacity: usize,
    seats: HashMap<u128, Seat>,
    /// Those that wait and are not under way, by the time at which they may begin: what is urgent, and what has time.
    due: [BTreeSet<(Duration, u128)>; 2],
}

struct Seat {
    waiting: Option<Cause>,
    is_running: bool,
    not_before: Duration,
    /// How many inspections in a row have shown the same.
    same: u32,
}

/// What an inspection has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Something else than before.
    New,
    /// The same as before.
    Same,
    /// Nothing yet, or nothing that counts alone: look again after this time.
    LookAgain(Duration),
}

impl Desk {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            seats: HashMap::new(),
            due: Default::default(),
        }
    }

    /// Asks for an inspection. Answers whether there was room.
    pub(crate) fn ask(&mut self, connection: u128, cause: Cause, now: Duration) -> bool {
        if !self.seats.contains_key(&connection) && !self.has_room(now) {
            return false;
        }
        let seat = self.seats.entry(connection).or_insert(Seat {
            waiting: None,
            is_running: false,
            not_before: now,
            same: 0,
        });
        if seat.is_forgotten(now) {
            seat.same = 0;
        }
        if let Some(before) = seat.waiting {
            self.due[queue(before)].remove(&(seat.not_before, connection));
        }
        // Something was done about it, so that what was seen before says nothing.
        if cause == Cause::Registered {
            (seat.same, seat.not_before) = (0, seat.not_before.min(now + SHORTEST));
        }
        let most = seat.waiting.map_or(cause, |before| before.max(cause));
        seat.waiting = Some(most);
        if !seat.is_running {
            self.due[queue(most)].insert((seat.not_before, connection));
        }
        true
    }

    /// Takes the inspection that has been due for longest: of the urgent ones, else of the others if those are wanted.
    pub(crate) fn take(&mut self, now: Duration, others_too: bool) -> Option<(u128, Cause)> {
        let queues = if others_too { 2 } else { 1 };
        let mut queues = self.due.iter_mut().take(queues);
        let connection = queues.find_map(|queue| {
            queue.first().filter(|(at, _)| *at <= now)?;
            queue.pop_first().map(|(_, connection)| connection)
        })?;
        let seat = self.seats.get_mut(&connection)?;
        seat.is_running = true;
        seat.waiting.take().map(|cause| (connection, cause))
    }

    /// When the next inspection is due, of the urgent ones or of all.
    pub(crate) fn next_due(&self, others_too: bool) -> Option<Duration> {
        let queues = self.due.iter().take(if others_too { 2 } else { 1 });
        queues
            .filter_map(|queue| queue.first())
            .map(|(at, _)| *at)
            .min()
    }

    /// An inspection that was taken has ended.
    pub(crate) fn done(&mut self, connection: u128, shown: Shown, now: Duration) {
        let Some(seat) = self.seats.get_mut(&connection) else {
            return;
        };
        seat.is_running = false;
        let pause = match shown {
            Shown::New => {
                seat.same = 0;
                SHORTEST
            }
            Shown::Same => {
                let pause = SHORTEST * 2_u32.pow(seat.same);
                seat.same = (seat.same + 1).min(DOUBLINGS);
                pause
            }
            Shown::LookAgain(pause) => {
                seat.waiting = seat.waiting.max(Some(Cause::Again));
                pause
            }
        };
        seat.not_before = now + pause;
        if let Some(cause) = seat.waiting {
            self.due[queue(cause)].insert((seat.not_before, connection));
        }
    }

    /// How many wait or are under way.
    pub(crate) fn busy(&self) -> usize {
        let busy = |seat: &&Seat| seat.is_running || seat.waiting.is_some();
        self.seats.values().filter(busy).count()
    }

    fn has_room(&mut self, now: Duration) -> bool {
        if self.seats.len() >= self.capacity {
            self.seats.retain(|_, seat| {
                seat.is_running || seat.waiting.is_some() || now < seat.not_before
            });
        }
        self.seats.len() < self.capacity
    }
}

impl Seat {
    /// Whether the last inspection is so long ago that another one is no repetition.
    fn is_forgotten(&self, now: Duration) -> bool {
        !self.is_running && self.waiting.is_none() && now >= self.not_before + MEMORY
    }
}

fn queue(cause: Cause) -> usize {
    usize::from(!cause.is_urgent())
}

/// Between two inspections of a connection.
const SHORTEST: Duration = Duration::from_secs(5);

/// At most 5 s × 2^7, about eleven minutes.
const DOUBLINGS: u32 = 7;

const MEMORY: Duration = Duration::from_secs(900);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_first_is_at_once_and_a_storm_is_one_more() {
        let mut desk = Desk::new(10);
        assert!(desk.ask(1, Cause::WrongSecret, at(0)));
        assert_eq!(desk.take(at(0), true), Some((1, Cause::WrongSecret)));
        for _ in 0..10_000 {
            desk.ask(1, Cause::TokenRefused, at(1));
        }
        assert_eq!(desk.take(at(100), true), None, "one is under way");
        desk.done(1, Shown::New, at(2));
        assert_eq!(
            (desk.take(at(6), true), desk.next_due(true)),
            (None, Some(at(7)))
        );
        assert_eq!(desk.take(at(7), true), Some((1, Cause::TokenRefused)));
        desk.done(1, Shown::Same, at(8));
        assert_eq!((desk.next_due(true), desk.busy()), (None, 0));
    }

    #[test]
    fn pauses_double_while_the_same_is_shown_and_end_with_something_new() {
        let mut desk = Desk::new(10);
        let (mut now, mut pauses) = (at(0), Vec::new());
        for _ in 0..10 {
            desk.ask(1, Cause::Recovery, now);
            let due = desk.next_due(true).unwrap();
            pauses.push((due - now).as_secs());
            now = due;
            assert!(desk.take(now, true).is_some());
            desk.done(1, Shown::Same, now);
        }
        assert_eq!(pauses, [0, 5, 10, 20, 40, 80, 160, 320, 640, 640]);
        desk.ask(1, Cause::Recovery, now + at(640));
        assert!(desk.take(now + at(640), true).is_some());
        desk.done(1, Shown::New, now + at(640));
        desk.ask(1, Cause::Recovery, now + at(640));
        assert_eq!(desk.next_due(true), Some(now + at(645)));
    }

    #[test]
    fn a_new_registration_waits_for_no_pause() {
        let mut desk = Desk::new(10);
        for round in 0..5 {
            desk.ask(1, Cause::TokenRefused, at(round * 1_000));
            assert!(desk.take(at(round * 1_000), true).is_some(), "{round}");
            desk.done(1, Shown::Same, at(round * 1_000));
        }
        desk.ask(1, Cause::TokenRefused, at(4_001));
        desk.ask(1, Cause::Registered, at(4_002));
        assert_eq!(desk.take(at(4_007), true), Some((1, Cause::TokenRefused)));
        desk.done(1, Shown::LookAgain(at(2)), at(4_008));
        assert_eq!(desk.take(at(4_010), true), Some((1, Cause::Again)));
        assert_eq!((desk.busy(), desk.due[0].len() + desk.due[1].len()), (1, 0));
    }

    #[test]
    fn there_is_room_for_so_many_and_those_who_are_done_make_room() {
        let mut desk = Desk::new(2);
        assert!(desk.ask(1, Cause::Silence, at(0)) && desk.ask(2, Cause::Silence, at(0)));
        assert!(!desk.ask(3, Cause::Silence, at(0)));
        let (first, _) = desk.take(at(0), true).unwrap();
        desk.done(first, Shown::Same, at(0));
        assert!(!desk.ask(3, Cause::Silence, at(4)));
        assert!(desk.ask(3, Cause::Silence, at(5)));
        assert_eq!(desk.seats.len(), 2);
    }

    #[test]
    fn what_is_urgent_goes_first_and_what_has_time_can_be_left() {
        let mut desk = Desk::new(10);
        desk.ask(1, Cause::Silence, at(0));
        desk.ask(2, Cause::Silence, at(1));
        desk.ask(3, Cause::TokenRefused, at(2));
        assert_eq!(desk.take(at(2), true), Some((3, Cause::TokenRefused)));
        assert_eq!(desk.take(at(2), false), None);
        assert_eq!(
            (desk.next_due(false), desk.next_due(true)),
            (None, Some(at(0)))
        );
        desk.ask(2, Cause::WrongSecret, at(3));
        assert_eq!(desk.take(at(3), false), Some((2, Cause::WrongSecret)));
        assert_eq!(desk.take(at(3), true), Some((1, Cause::Silence)));
        assert_eq!(desk.take(at(3), true), None);
    }
}
