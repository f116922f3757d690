//! Bringing up to date what follows from a change: places in line, alarms, questions.

use std::time::Duration;

use clock::Timestamp;

use super::behind::Gate;
use super::bot::Bot;
use super::common::Common;
use super::terms::{Alarm, Asker, Asking, Class};
use crate::item::LaneId;

/// When to look again at a connection that has too much in memory to ask for more. What happens to it comes before.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl Bot {
    /// Brings what follows from a lane's content up to date: its place in line, its alarm, its question; a lane of which
    /// nothing is left is removed.
    pub(super) fn settle_lane(&mut self, lane: LaneId, common: &mut Common, now: Timestamp) {
        let low = common.share_of_lane() / 4;
        let Some(queue) = common.lane(lane) else {
            return;
        };
        let (place, class) = (queue.place, queue.class(now));
        let (alarm, due) = (queue.alarm, queue.due(now));
        queue.alarm = due;
        let wants = queue.spilled_to.is_some() && queue.len() <= low && queue.asking == Asking::No;
        let idle = queue.is_idle();
        if place.map(|(class, _)| class) != class {
            if let Some((class, ticket)) = place {
                common.lane_places.remove(self.ready.of(class), ticket);
            }
            let place =
                class.map(|class| (class, common.lane_places.push(self.ready.of(class), lane)));
            if let Some(queue) = common.lane(lane) {
                queue.place = place;
            }
        }
        if alarm != due {
            if let Some(at) = alarm {
                common.alarms.remove(&(at, Alarm::Retry(lane)));
            }
            if let Some(at) = due {
                common.alarms.insert((at, Alarm::Retry(lane)));
            }
        }
        if wants {
            let asking = common.wants(Asker::Lane(lane));
            if let Some(queue) = common.lane(lane) {
                queue.asking = asking;
            }
        }
        if idle {
            self.lanes -= 1;
            common.remove_lane(lane);
        }
    }

    /// Brings the connection's places in line and its question up to date.
    pub(super) fn settle(&mut self, common: &mut Common, now: Timestamp) {
        if self.ready.urgent.is_empty() && self.ready.normal.is_empty() {
            self.come_back(common);
        }
        let may_start = self.running < common.limits.running_per_bot && self.aside.is_none();
        for class in [Class::Urgent, Class::Normal] {
            let wants = may_start && !self.ready.of(class).is_empty();
            let place = self.place.of(class);
            let line = common.ready.of(class);
            match *place {
                None if wants => *place = Some(common.bot_places.push(line, self.id)),
                Some(ticket) if !wants => {
                    common.bot_places.remove(line, ticket);
                    *place = None;
                }
                _ => {}
            }
        }
        self.settle_question(common, now);
    }

    fn settle_question(&mut self, common: &mut Common, now: Timestamp) {
        let Gate::Behind(behind) = &mut self.gate else {
            return;
        };
        let asker = Asker::Bot(self.id);
        let has_room = common.is_little(self.loaded, self.bytes);
        match behind.asking {
            Asking::No | Asking::Held(_) if has_room => {
                common.unask(&mut behind.asking, asker);
                behind.asking = common.wants(asker);
            }
            Asking::No => {
                let at = now + LOOK_AGAIN_AFTER;
                common.look_again(asker, at);
                behind.asking = Asking::Held(at);
            }
            _ => {}
        }
    }
}
