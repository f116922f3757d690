//! The machine's clock was set: what waits goes on waiting for as long as it was to.

use std::time::Duration;

use clock::Timestamp;

use super::Schedule;
use super::behind::Gate;
use super::terms::Asking;
use crate::item::Item;

/// By how much a clock was set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shift {
    on: Duration,
    back: Duration,
}

impl Shift {
    /// From what the clock would show to what it shows.
    pub(crate) fn between(was: Timestamp, is: Timestamp) -> Self {
        Self {
            on: is.since(was),
            back: was.since(is),
        }
    }

    pub(crate) fn is_less_than(&self, span: Duration) -> bool {
        self.on.max(self.back) < span
    }

    pub(crate) fn of(&self, time: Timestamp) -> Timestamp {
        time + self.on - self.back
    }

    fn of_item(&self, item: &mut Item) {
        let time = &mut item.queued.not_before;
        *time = time.map(|time| self.of(time));
    }

    fn of_asking(&self, asking: &mut Asking) {
        if let Asking::Later(at) | Asking::Held(at) = asking {
            *at = self.of(*at);
        }
    }
}

impl Schedule {
    /// Moves every alarm, and whatever waits for one. It looks at all that is in memory.
    pub(crate) fn clock_was_set(&mut self, shift: Shift) {
        for queue in self.common.lanes_mut() {
            queue.alarm = queue.alarm.map(|at| shift.of(at));
            shift.of_asking(&mut queue.asking);
            queue.waiting_mut().for_each(|item| shift.of_item(item));
        }
        for bot in self.bots.iter_mut() {
            if let Gate::Behind(behind) = &mut bot.gate {
                shift.of_asking(&mut behind.asking);
                behind.held.iter_mut().for_each(|item| shift.of_item(item));
            }
        }
        let alarms = std::mem::take(&mut self.common.alarms).into_iter();
        self.common.alarms = alarms.map(|(at, alarm)| (shift.of(at), alarm)).collect();
    }
}
