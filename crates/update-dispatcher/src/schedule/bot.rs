//! One connection: its lanes, whose turn it is, and what of it waits on disk.

use clock::Timestamp;
use ids::ConnectionId;

use super::behind::{Behind, Gate};
use super::common::Common;
use super::ring::{Ring, Ticket};
use super::terms::{Asker, Asking, BotId, Class, PerClass};
use crate::item::{Item, LaneId};
use crate::{Offer, Queued, Seq};

pub(super) struct Bot {
    pub(super) id: BotId,
    pub(super) connection: ConnectionId,
    /// How many lanes it has.
    pub(super) lanes: usize,
    pub(super) ready: PerClass<Ring>,
    pub(super) place: PerClass<Option<Ticket>>,
    /// Its place among those that let others go first.
    pub(super) aside: Option<Ticket>,
    pub(super) running: usize,
    /// Updates in memory, running ones included.
    pub(super) loaded: usize,
    /// Their size.
    pub(super) bytes: usize,
    /// Everything up to here has been in memory or left to a lane's refill.
    pub(super) loaded_to: Seq,
    pub(super) gate: Gate,
}

impl Bot {
    pub(super) fn new(id: BotId, connection: ConnectionId) -> Self {
        Self {
            id,
            connection,
            lanes: 0,
            ready: PerClass::default(),
            place: PerClass::default(),
            aside: None,
            running: 0,
            loaded: 0,
            bytes: 0,
            loaded_to: Seq::ZERO,
            gate: Gate::Open,
        }
    }

    /// Whether an update of this lane that is offered need not be loaded, and why.
    pub(super) fn turns_away(
        &mut self,
        seq: Seq,
        lane: Option<LaneId>,
        common: &mut Common,
    ) -> Option<Offer> {
        if let Gate::Paused { passed } = &mut self.gate {
            *passed = seq.max(*passed);
            return Some(Offer::Paused);
        }
        let most = common.share_of_lane();
        let too_much = common.is_too_much(self.loaded, self.bytes);
        let lane = lane.and_then(|lane| common.lane(lane));
        if lane.as_ref().is_some_and(|lane| lane.contains(seq)) {
            return Some(Offer::Loaded);
        }
        match &mut self.gate {
            Gate::Behind(behind) if seq > behind.after => {
                behind.upto = behind.upto.max(seq);
                return Some(Offer::Spilled);
            }
            _ => {}
        }
        if lane.is_some_and(|lane| lane.spills(seq, most)) {
            self.loaded_to = self.loaded_to.max(seq);
            return Some(Offer::Spilled);
        }
        if too_much && matches!(self.gate, Gate::Open) && seq > self.loaded_to {
            self.gate = Gate::Behind(Behind::new(self.loaded_to, seq));
            return Some(Offer::Spilled);
        }
        None
    }

    /// Takes an update of this lane into memory; of a lane that is not there yet if none is named.
    pub(super) fn load(
        &mut self,
        queued: Queued,
        lane: Option<LaneId>,
        common: &mut Common,
        now: Timestamp,
    ) {
        let cost = queued.cost_bytes();
        common.count.loaded += 1;
        common.count.bytes += cost;
        self.loaded += 1;
        self.bytes += cost;
        self.loaded_to = self.loaded_to.max(queued.seq);
        self.insert(Item::new(queued), lane, common, now);
    }

    /// Loads a row of the backlog, or leaves it to its lane's refill.
    pub(super) fn load_backlog(&mut self, row: Queued, common: &mut Common, now: Timestamp) {
        let held = match &mut self.gate {
            Gate::Behind(behind) => behind.take_held(row.seq),
            _ => None,
        };
        let most = common.share_of_lane();
        let lane = common.lane_id(self.id, &row.lane.lane);
        let stays = lane
            .and_then(|lane| common.lane(lane))
            .is_some_and(|lane| lane.contains(row.seq) || lane.spills(row.seq, most));
        match held {
            None if !stays => return self.load(row, lane, common, now),
            // Whatever the row says was read before the last attempt ended.
            Some(item) if !stays => return self.insert(item, lane, common, now),
            None => {}
            Some(item) => self.leave(1, item.queued.cost_bytes(), common),
        }
        if let Some(lane) = lane {
            self.settle_lane(lane, common, now);
        }
    }

    /// Everything up to `seq` is in memory, done, or left to a lane's refill.
    pub(super) fn caught_up_to(&mut self, seq: Seq, common: &mut Common) {
        if let Gate::Behind(behind) = &mut self.gate {
            behind.after = behind.after.max(seq);
            if behind.after >= behind.upto {
                self.loaded_to = self.loaded_to.max(behind.after);
                self.set_gate(Gate::Open, common);
            }
        }
    }

    /// Lets others go first until something of it has ended, or nobody else is there. It has left the line of this class.
    pub(super) fn step_aside(&mut self, class: Class, common: &mut Common, now: Timestamp) {
        *self.place.of(class) = None;
        self.aside = Some(common.bot_places.push(&mut common.aside, self.id));
        self.settle(common, now);
    }

    /// Takes the next update of the lane whose turn it is, and notes that it runs.
    pub(super) fn start(
        &mut self,
        class: Class,
        common: &mut Common,
        now: Timestamp,
    ) -> Option<Box<Item>> {
        *self.place.of(class) = None;
        let lane = common.lane_places.pop(self.ready.of(class))?;
        let queue = common.lane(lane)?;
        queue.place = None;
        let mut started = queue.start(now);
        if let Some(item) = &mut started {
            item.hurries = class == Class::Urgent;
            self.running += 1;
            common.count.running += 1;
        }
        self.settle_lane(lane, common, now);
        self.settle(common, now);
        started
    }

    /// Notes that what ran in a lane has ended; what is to be tried again comes back.
    pub(super) fn ended(
        &mut self,
        lane: LaneId,
        again: Option<Box<Item>>,
        common: &mut Common,
        now: Timestamp,
    ) {
        let Some(queue) = common.lane(lane) else {
            return;
        };
        let Some(running) = queue.running.take() else {
            return;
        };
        // A failed attempt has made the history longer.
        let item = again.as_ref();
        let cost = item.map_or(running.cost, |item| item.queued.cost_bytes());
        let stays = match (again, &mut self.gate) {
            (Some(item), Gate::Behind(behind)) if running.seq > behind.after => {
                behind.held.push(item);
                true
            }
            (Some(item), Gate::Open | Gate::Behind(_)) => {
                queue.insert(item);
                true
            }
            (None, Gate::Behind(behind)) => {
                behind.note_end(running.seq);
                false
            }
            (_, Gate::Paused { .. }) | (None, Gate::Open) => false,
        };
        self.running -= 1;
        common.count.running -= 1;
        self.come_back(common);
        self.bytes = self.bytes - running.cost + cost;
        common.count.bytes = common.count.bytes - running.cost + cost;
        if !stays {
            self.leave(1, cost, common);
        }
        self.settle_lane(lane, common, now);
        self.settle(common, now);
    }

    /// Drops what waits, takes nothing more, and answers how many updates left memory.
    pub(super) fn pause(&mut self, common: &mut Common, now: Timestamp) -> usize {
        let before = self.loaded;
        let passed = match &self.gate {
            Gate::Open => self.loaded_to,
            Gate::Paused { passed } => *passed,
            Gate::Behind(behind) => self.loaded_to.max(behind.upto),
        };
        self.set_gate(Gate::Paused { passed }, common);
        let lanes = common.lanes().filter(|(_, queue)| queue.bot == self.id);
        let lanes: Vec<_> = lanes.map(|(lane, _)| lane).collect();
        for lane in lanes {
            self.clear_lane(lane, common, now);
        }
        self.settle(common, now);
        before - self.loaded
    }

    /// The line that its first lane stands in.
    pub(super) const fn class(&self) -> Class {
        if self.ready.urgent.is_empty() {
            Class::Normal
        } else {
            Class::Urgent
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.lanes == 0 && matches!(self.gate, Gate::Open)
    }

    /// Is not aside any more.
    pub(super) fn come_back(&mut self, common: &mut Common) {
        if let Some(ticket) = self.aside.take() {
            common.bot_places.remove(&mut common.aside, ticket);
        }
    }

    fn insert(
        &mut self,
        mut item: Box<Item>,
        lane: Option<LaneId>,
        common: &mut Common,
        now: Timestamp,
    ) {
        let lane = lane.unwrap_or_else(|| {
            self.lanes += 1;
            common.add_lane(self.id, &item.queued.lane.lane)
        });
        item.lane = lane;
        if let Some(queue) = common.lane(lane) {
            queue.insert(item);
        }
        self.settle_lane(lane, common, now);
    }

    /// Notes that so many updates of this size have left memory.
    fn leave(&mut self, count: usize, cost: usize, common: &mut Common) {
        self.loaded -= count;
        self.bytes -= cost;
        common.count.loaded -= count;
        common.count.bytes -= cost;
    }

    /// What was held leaves memory: it comes from the journal again, or is not there any more.
    fn set_gate(&mut self, gate: Gate, common: &mut Common) {
        if let Gate::Behind(mut behind) = std::mem::replace(&mut self.gate, gate) {
            common.unask(&mut behind.asking, Asker::Bot(self.id));
            for item in behind.held {
                self.leave(1, item.queued.cost_bytes(), common);
            }
        }
    }

    fn clear_lane(&mut self, lane: LaneId, common: &mut Common, now: Timestamp) {
        let Some(queue) = common.lane(lane) else {
            return;
        };
        let (count, bytes) = queue.clear();
        let mut asking = std::mem::replace(&mut queue.asking, Asking::No);
        common.unask(&mut asking, Asker::Lane(lane));
        self.leave(count, bytes, common);
        self.settle_lane(lane, common, now);
    }
}
