//! What all connections share: their lanes, places in line, alarms, questions to the journal, and the count of it all.

use std::collections::{BTreeSet, HashMap};

use clock::Timestamp;

use super::lane_queue::LaneQueue;
use super::ring::{Entries, Ring};
use super::shrink::shrink;
use super::slab::Slab;
use super::terms::{Alarm, Asker, Asking, BotId, Count, PerClass};
use crate::item::LaneId;
use crate::{Lane, Limits, Seq};

/// A question that is on its way.
pub(super) struct Asked {
    pub(super) asker: Asker,
    pub(super) limit: usize,
    /// What had been spilled when the question was put.
    pub(super) upto: Seq,
}

pub(super) struct Common {
    pub(super) limits: Limits,
    pub(super) count: Count,
    lanes: Slab<LaneQueue>,
    lane_ids: HashMap<(BotId, Lane), LaneId>,
    /// The entries of each connection's rings of lanes that may start.
    pub(super) lane_places: Entries<LaneId>,
    /// Connections with a lane that may start, and room to start it.
    pub(super) ready: PerClass<Ring>,
    /// Connections with a lane that may start, but so many running that others go first.
    pub(super) aside: Ring,
    pub(super) bot_places: Entries<BotId>,
    pub(super) alarms: BTreeSet<(Timestamp, Alarm)>,
    wanting: Ring,
    wants: Entries<Asker>,
    asked: HashMap<u64, Asked>,
    last_ask: u64,
    /// Room promised to questions on their way.
    reserved: usize,
}

impl Common {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            count: Count::default(),
            lanes: Slab::new(),
            lane_ids: HashMap::new(),
            lane_places: Entries::new(),
            ready: PerClass::default(),
            aside: Ring::default(),
            bot_places: Entries::new(),
            alarms: BTreeSet::new(),
            wanting: Ring::default(),
            wants: Entries::new(),
            asked: HashMap::new(),
            last_ask: 0,
            reserved: 0,
        }
    }

    pub(super) fn lane(&mut self, lane: LaneId) -> Option<&mut LaneQueue> {
        self.lanes.get_mut(lane.0)
    }

    pub(super) fn lanes(&self) -> impl Iterator<Item = (LaneId, &LaneQueue)> {
        let lanes = self.lanes.iter();
        lanes.map(|(number, queue)| (LaneId(number), queue))
    }

    pub(super) fn lanes_mut(&mut self) -> impl Iterator<Item = &mut LaneQueue> {
        self.lanes.iter_mut()
    }

    pub(super) fn lane_id(&self, bot: BotId, lane: &Lane) -> Option<LaneId> {
        self.lane_ids.get(&(bot, lane.clone())).copied()
    }

    pub(super) fn add_lane(&mut self, bot: BotId, lane: &Lane) -> LaneId {
        let queue = LaneQueue::new(bot, lane.clone());
        let id = LaneId(self.lanes.insert(queue));
        self.lane_ids.insert((bot, lane.clone()), id);
        id
    }

    pub(super) fn remove_lane(&mut self, lane: LaneId) {
        if let Some(mut queue) = self.lanes.remove(lane.0) {
            self.unask(&mut queue.asking, Asker::Lane(lane));
            self.lane_ids.remove(&(queue.bot, queue.lane));
            shrink(&mut self.lane_ids);
        }
    }

    /// Whether an update of this size may be loaded. The first one always may, however big.
    pub(super) fn fits(&self, cost: usize) -> bool {
        let first = self.count.loaded == 0;
        self.free() > 0 && (first || self.count.bytes + cost <= self.limits.loaded_bytes)
    }

    /// Whether there is room for more than one, so that whoever waited for it does not wake in vain.
    pub(super) fn has_room(&self) -> bool {
        let less = |most: usize| most - most / 64;
        self.count.loaded == 0
            || (self.count.loaded + self.reserved < less(self.limits.loaded)
                && self.count.bytes < less(self.limits.loaded_bytes))
    }

    /// How many updates there is room for.
    pub(super) fn free(&self) -> usize {
        let taken = self.count.loaded + self.reserved;
        self.limits.loaded.saturating_sub(taken)
    }

    /// How many bytes there is room for.
    pub(super) const fn free_bytes(&self) -> usize {
        self.limits.loaded_bytes.saturating_sub(self.count.bytes)
    }

    pub(super) fn may_ask(&self) -> bool {
        self.asked.len() < self.limits.refills && self.fits(0)
    }

    /// The next that wants to ask.
    pub(super) fn next_asker(&mut self) -> Option<Asker> {
        self.wants.pop(&mut self.wanting)
    }

    pub(super) fn wants(&mut self, asker: Asker) -> Asking {
        Asking::Queued(self.wants.push(&mut self.wanting, asker))
    }

    /// Notes a question; answers its number and how many updates to ask for.
    pub(super) fn ask(&mut self, asker: Asker, upto: Seq, limit: usize) -> (u64, usize) {
        let limit = limit.min(self.free()).max(1);
        self.last_ask += 1;
        self.reserved += limit;
        let asked = Asked { asker, limit, upto };
        self.asked.insert(self.last_ask, asked);
        (self.last_ask, limit)
    }

    pub(super) fn answered(&mut self, id: u64) -> Option<Asked> {
        let asked = self.asked.remove(&id)?;
        self.reserved -= asked.limit;
        Some(asked)
    }

    /// Takes back a question that was not put yet. The answer to one that was will be ignored.
    pub(super) fn unask(&mut self, asking: &mut Asking, asker: Asker) {
        match std::mem::replace(asking, Asking::No) {
            Asking::Queued(ticket) => {
                self.wants.remove(&mut self.wanting, ticket);
            }
            Asking::Later(at) | Asking::Held(at) => {
                self.alarms.remove(&(at, Alarm::Ask(asker)));
            }
            Asking::No | Asking::Asked(_) => {}
        }
    }

    /// Looks at the question of this one again at a time.
    pub(super) fn look_again(&mut self, asker: Asker, at: Timestamp) {
        self.alarms.insert((at, Alarm::Ask(asker)));
    }
}
