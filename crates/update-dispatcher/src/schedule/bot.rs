//! One connection: its lanes, whose turn it is, and what of it waits on disk.

use std::collections::HashMap;

use clock::Timestamp;
use ids::ConnectionId;

use super::common::{Alarm, Asking, Class, Common, PerClass, Subject};
use super::lane_queue::LaneQueue;
use super::ring::{Ring, Ticket};
use crate::item::Item;
use crate::{Lane, LaneKey, Offer, Queued, Seq};

pub(super) struct Bot {
    pub(super) connection: ConnectionId,
    pub(super) lanes: HashMap<Lane, LaneQueue>,
    ready: PerClass<Ring<Lane>>,
    place: PerClass<Option<Ticket>>,
    pub(super) running: usize,
    /// Updates in memory, running ones included.
    pub(super) loaded: usize,
    /// Everything up to here has been in memory or left to a lane's refill.
    loaded_to: Seq,
    pub(super) gate: Gate,
}

/// Whether a connection takes what is offered.
pub(super) enum Gate {
    Open,
    /// Nothing; and this was the last one that it was offered.
    Paused {
        passed: Seq,
    },
    /// Only what comes from its backlog.
    Behind(Behind),
}

/// A connection of which some updates are on disk alone.
pub(super) struct Behind {
    /// Everything up to here has been read.
    pub(super) after: Seq,
    /// The last one that was offered and left on disk.
    pub(super) upto: Seq,
    pub(super) asking: Asking,
    /// What ended while a question was on its way, and may be in the answer.
    pub(super) ended: Vec<Seq>,
    /// What ran when the connection was paused and is to be tried again, but not before those that were waiting in front
    /// of it have been read.
    #[expect(
        clippy::vec_box,
        reason = "items are boxed wherever they are: they move"
    )]
    held: Vec<Box<Item>>,
}

impl Behind {
    pub(super) const fn new(after: Seq, upto: Seq) -> Self {
        Self {
            after,
            upto,
            asking: Asking::No,
            ended: Vec::new(),
            held: Vec::new(),
        }
    }
}

impl Behind {
    fn note_end(&mut self, seq: Seq) {
        if seq > self.after && matches!(self.asking, Asking::Asked(_)) {
            self.ended.push(seq);
        }
    }

    fn take_held(&mut self, seq: Seq) -> Option<Box<Item>> {
        let place = self.held.iter().position(|item| item.queued.seq == seq)?;
        Some(self.held.swap_remove(place))
    }
}

impl Bot {
    pub(super) fn new(connection: ConnectionId) -> Self {
        Self {
            connection,
            lanes: HashMap::new(),
            ready: PerClass {
                urgent: Ring::new(),
                normal: Ring::new(),
            },
            place: PerClass {
                urgent: None,
                normal: None,
            },
            running: 0,
            loaded: 0,
            loaded_to: Seq::ZERO,
            gate: Gate::Open,
        }
    }

    /// Whether an update that is offered need not be loaded, and why.
    pub(super) fn turns_away(&mut self, queued: &Queued, common: &Common) -> Option<Offer> {
        if let Gate::Paused { passed } = &mut self.gate {
            *passed = queued.seq.max(*passed);
            return Some(Offer::Paused);
        }
        let lane = self.lanes.get_mut(&queued.lane.lane);
        if lane.as_ref().is_some_and(|lane| lane.contains(queued.seq)) {
            return Some(Offer::Loaded);
        }
        match &mut self.gate {
            Gate::Behind(behind) if queued.seq > behind.after => {
                behind.upto = behind.upto.max(queued.seq);
                return Some(Offer::Spilled);
            }
            _ => {}
        }
        if lane.is_some_and(|lane| lane.spills(queued.seq, common.limits.waiting_per_lane)) {
            self.loaded_to = self.loaded_to.max(queued.seq);
            return Some(Offer::Spilled);
        }
        let open = matches!(self.gate, Gate::Open);
        if open && self.loaded >= common.limits.loaded_per_bot && queued.seq > self.loaded_to {
            self.gate = Gate::Behind(Behind::new(self.loaded_to, queued.seq));
            return Some(Offer::Spilled);
        }
        None
    }

    pub(super) fn load(&mut self, queued: Queued, common: &mut Common, now: Timestamp) {
        common.count.loaded += 1;
        common.count.bytes += queued.cost_bytes();
        self.loaded += 1;
        self.loaded_to = self.loaded_to.max(queued.seq);
        self.insert(Item::new(queued), common, now);
    }

    /// Loads a row of the backlog, or leaves it to its lane's refill.
    pub(super) fn load_backlog(&mut self, row: Queued, common: &mut Common, now: Timestamp) {
        let held = match &mut self.gate {
            Gate::Behind(behind) => behind.take_held(row.seq),
            _ => None,
        };
        let lane = self.lanes.get_mut(&row.lane.lane);
        let most = common.limits.waiting_per_lane;
        let stays = lane.is_some_and(|lane| lane.contains(row.seq) || lane.spills(row.seq, most));
        match held {
            None if stays => self.settle_lane(&row.lane.lane, common, now),
            None => self.load(row, common, now),
            // Whatever the row says was read before the last attempt ended.
            Some(item) if !stays => self.insert(item, common, now),
            Some(item) => {
                self.leave(item.queued.cost_bytes(), common);
                self.settle_lane(&row.lane.lane, common, now);
            }
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

    /// Takes the next update of the lane whose turn it is, and notes that it runs.
    pub(super) fn start(
        &mut self,
        class: Class,
        common: &mut Common,
        now: Timestamp,
    ) -> Option<Box<Item>> {
        *self.place.of(class) = None;
        let lane = self.ready.of(class).pop()?;
        let queue = self.lanes.get_mut(&lane)?;
        queue.place = None;
        let started = queue.start(now);
        if started.is_some() {
            self.running += 1;
            common.count.running += 1;
        }
        self.settle_lane(&lane, common, now);
        self.settle(common);
        started
    }

    /// Notes that what ran in a lane has ended; what is to be tried again comes back.
    pub(super) fn ended(
        &mut self,
        lane: &Lane,
        again: Option<Box<Item>>,
        common: &mut Common,
        now: Timestamp,
    ) {
        let Some(queue) = self.lanes.get_mut(lane) else {
            return;
        };
        let Some(running) = queue.running.take() else {
            return;
        };
        self.running -= 1;
        common.count.running -= 1;
        // A failed attempt has made the history longer.
        let cost = again
            .as_ref()
            .map_or(running.cost, |item| item.queued.cost_bytes());
        common.count.bytes = common.count.bytes - running.cost + cost;
        match (again, &mut self.gate) {
            (Some(item), Gate::Behind(behind)) if running.seq > behind.after => {
                behind.held.push(item);
            }
            (Some(item), Gate::Open | Gate::Behind(_)) => queue.insert(item),
            (None, Gate::Behind(behind)) => {
                behind.note_end(running.seq);
                self.leave(cost, common);
            }
            (_, Gate::Paused { .. }) | (None, Gate::Open) => self.leave(cost, common),
        }
        self.settle_lane(lane, common, now);
        self.settle(common);
    }

    /// Drops what waits, takes nothing more, and answers how many updates left memory.
    pub(super) fn pause(&mut self, common: &mut Common, now: Timestamp) -> usize {
        let before = self.loaded;
        if let Gate::Behind(behind) = &mut self.gate {
            let subject = Subject::Connection(self.connection.clone());
            common.unask(&mut behind.asking, || subject);
        }
        let passed = match &self.gate {
            Gate::Open => self.loaded_to,
            Gate::Paused { passed } => *passed,
            Gate::Behind(behind) => self.loaded_to.max(behind.upto),
        };
        self.set_gate(Gate::Paused { passed }, common);
        let lanes: Vec<_> = self.lanes.keys().cloned().collect();
        for lane in lanes {
            self.clear_lane(&lane, common, now);
        }
        self.settle(common);
        before - self.loaded
    }

    /// Brings what follows from a lane's content up to date: its place in line, its alarm, its question; a lane of which
    /// nothing is left is removed.
    pub(super) fn settle_lane(&mut self, lane: &Lane, common: &mut Common, now: Timestamp) {
        let Some(queue) = self.lanes.get_mut(lane) else {
            return;
        };
        let class = queue.class(now);
        if queue.place.map(|(class, _)| class) != class {
            if let Some((class, ticket)) = queue.place {
                self.ready.of(class).remove(ticket);
            }
            queue.place = class.map(|class| (class, self.ready.of(class).push(lane.clone())));
        }
        let key = || LaneKey::new(self.connection.clone(), lane.clone());
        let due = queue.due(now);
        if queue.alarm != due {
            if let Some(at) = queue.alarm {
                common.alarms.remove(&(at, Alarm::Retry(key())));
            }
            if let Some(at) = due {
                common.alarms.insert((at, Alarm::Retry(key())));
            }
            queue.alarm = due;
        }
        let low = queue.len() <= common.limits.waiting_per_lane / 4;
        if queue.spilled_to.is_some() && low && queue.asking == Asking::No {
            queue.asking = Asking::Queued(common.wanting.push(Subject::Lane(key())));
        }
        if queue.is_idle() {
            self.lanes.remove(lane);
            super::shrink::shrink(&mut self.lanes);
        }
    }

    /// Brings the connection's places in line and its question up to date.
    pub(super) fn settle(&mut self, common: &mut Common) {
        let may_start = self.running < common.limits.running_per_bot;
        for class in [Class::Urgent, Class::Normal] {
            let wants = may_start && !self.ready.of(class).is_empty();
            let place = self.place.of(class);
            match *place {
                None if wants => {
                    *place = Some(common.ready.of(class).push(self.connection.clone()));
                }
                Some(ticket) if !wants => {
                    common.ready.of(class).remove(ticket);
                    *place = None;
                }
                _ => {}
            }
        }
        let room = self.loaded <= common.limits.loaded_per_bot / 2;
        if let Gate::Behind(behind) = &mut self.gate
            && room
            && behind.asking == Asking::No
        {
            let subject = Subject::Connection(self.connection.clone());
            behind.asking = Asking::Queued(common.wanting.push(subject));
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.lanes.is_empty() && matches!(self.gate, Gate::Open)
    }

    fn insert(&mut self, item: Box<Item>, common: &mut Common, now: Timestamp) {
        let lane = item.queued.lane.lane.clone();
        let queue = self.lanes.entry(lane.clone());
        queue.or_insert_with(LaneQueue::new).insert(item);
        self.settle_lane(&lane, common, now);
    }

    /// Notes that an update of this size has left memory.
    fn leave(&mut self, cost: usize, common: &mut Common) {
        self.loaded -= 1;
        common.count.loaded -= 1;
        common.count.bytes -= cost;
    }

    /// What was held leaves memory: it comes from the journal again, or is not there any more.
    fn set_gate(&mut self, gate: Gate, common: &mut Common) {
        if let Gate::Behind(behind) = std::mem::replace(&mut self.gate, gate) {
            for item in behind.held {
                self.leave(item.queued.cost_bytes(), common);
            }
        }
    }

    fn clear_lane(&mut self, lane: &Lane, common: &mut Common, now: Timestamp) {
        let Some(queue) = self.lanes.get_mut(lane) else {
            return;
        };
        let (count, bytes) = queue.clear();
        self.loaded -= count;
        common.count.loaded -= count;
        common.count.bytes -= bytes;
        let key = || LaneKey::new(self.connection.clone(), lane.clone());
        common.unask(&mut queue.asking, || Subject::Lane(key()));
        self.settle_lane(lane, common, now);
    }
}
