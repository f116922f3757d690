//! Which update is handled when, as a state that changes only by what it is told: no task, no clock, no lock.
//!
//! The dispatcher tells it what was offered and what ended, and asks it what to start. Everything that follows from a
//! change is brought up to date at once (`settle`), so that no operation looks at more than one lane and one connection.

mod behind;
mod bot;
mod common;
mod lane_queue;
mod refill;
mod report;
mod ring;
mod settle;
mod share;
mod shift;
mod shrink;
mod slab;
mod starting;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use clock::Timestamp;
use ids::ConnectionId;

use self::behind::{Behind, Gate};
use self::bot::Bot;
use self::common::Common;
use self::slab::Slab;
use self::terms::{Alarm, BotId};
use crate::item::{Item, LaneId};
use crate::{Limits, Offer, Offered, Queued, Seq};

pub(crate) use self::refill::{Ask, Subject};
pub(crate) use self::shift::Shift;
pub(crate) use self::terms::Count;

pub(crate) struct Schedule {
    bots: Slab<Bot>,
    bot_ids: HashMap<ConnectionId, BotId>,
    common: Common,
    /// Somebody was told that there is no room.
    starved: bool,
    closed: bool,
}

/// Where an update goes that there is room for: places that are there already.
struct Place(Option<BotId>, Option<LaneId>);

impl Schedule {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            bots: Slab::new(),
            bot_ids: HashMap::new(),
            common: Common::new(limits.at_least_one()),
            starved: false,
            closed: false,
        }
    }

    /// Takes an update, or says why not.
    pub(crate) fn offer(&mut self, queued: Queued, now: Timestamp) -> Offer {
        match self.place_for(&queued, now) {
            Ok(place) => self.load(queued, &place, now),
            Err(offer) => return offer,
        }
        Offer::Loaded
    }

    /// Takes updates up to the first for which there is no room.
    pub(crate) fn offer_all(&mut self, updates: Vec<Queued>, now: Timestamp) -> Offered {
        let mut offered = Offered::default();
        let mut updates = updates.into_iter();
        while let Some(next) = updates.as_slice().first() {
            let place = self.place_for(next, now);
            if let Err(stopped @ (Offer::Full | Offer::Closed)) = place {
                offered.stopped = Some(stopped);
                break;
            }
            let Some(queued) = updates.next() else { break };
            match place {
                Ok(place) => {
                    self.load(queued, &place, now);
                    offered.loaded += 1;
                }
                Err(Offer::Loaded) => offered.loaded += 1,
                Err(offer) => offered.left.push((queued.seq, offer)),
            }
        }
        offered.rest = updates.collect();
        offered
    }

    /// Where to load an update.
    ///
    /// # Errors
    /// What to answer where it is not to be loaded.
    fn place_for(&mut self, queued: &Queued, now: Timestamp) -> Result<Place, Offer> {
        if self.closed {
            return Err(Offer::Closed);
        }
        let id = self.bot_ids.get(&queued.lane.connection).copied();
        let mut lane = None;
        if let Some(id) = id
            && let Some(bot) = self.bots.get_mut(id.0)
        {
            lane = self.common.lane_id(id, &queued.lane.lane);
            if let Some(offer) = bot.turns_away(queued.seq, lane, &mut self.common) {
                if let Some(lane) = lane {
                    bot.settle_lane(lane, &mut self.common, now);
                }
                bot.settle(&mut self.common, now);
                return Err(offer);
            }
        }
        if !self.common.fits(queued.cost_bytes()) {
            self.starved = true;
            return Err(Offer::Full);
        }
        Ok(Place(id, lane))
    }

    /// Loads an update where [`Schedule::place_for`] just said.
    fn load(&mut self, queued: Queued, place: &Place, now: Timestamp) {
        let Place(id, lane) = *place;
        let id = id.unwrap_or_else(|| self.add_bot(&queued.lane.connection));
        if let Some(bot) = self.bots.get_mut(id.0) {
            bot.load(queued, lane, &mut self.common, now);
            bot.settle(&mut self.common, now);
        }
    }

    /// An attempt has ended: for good, or with the update to be tried again at its `not_before`.
    pub(crate) fn ended(&mut self, lane: LaneId, again: Option<Box<Item>>, now: Timestamp) {
        if let Some(queue) = self.common.lane(lane) {
            let id = queue.bot;
            if let Some(bot) = self.bots.get_mut(id.0) {
                bot.ended(lane, again, &mut self.common, now);
                self.forget_if_idle(id);
            }
        }
    }

    /// Lets go what waited until now.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        while let Some((at, _)) = self.common.alarms.first()
            && *at <= now
            && let Some((_, alarm)) = self.common.alarms.pop_first()
        {
            match alarm {
                Alarm::Retry(lane) => self.wake_lane(lane, now),
                Alarm::Ask(asker) => self.ask_again(asker, now),
            }
        }
    }

    /// When [`Schedule::tick`] has something to do.
    pub(crate) fn wake_at(&self) -> Option<Timestamp> {
        self.common.alarms.first().map(|(at, _)| *at)
    }

    /// Whether those who were told that there is no room may try again. Says so once.
    pub(crate) fn take_room(&mut self) -> bool {
        let room = self.starved && self.common.has_room();
        self.starved &= !room;
        room
    }

    pub(crate) fn is_starved(&self) -> bool {
        self.starved && !self.closed
    }

    /// Takes a connection's waiting updates out of memory and refuses more; answers how many left.
    pub(crate) fn pause(&mut self, connection: &ConnectionId, now: Timestamp) -> usize {
        let id = self.bot_ids.get(connection).copied();
        let id = id.unwrap_or_else(|| self.add_bot(connection));
        let bot = self.bots.get_mut(id.0);
        bot.map_or(0, |bot| bot.pause(&mut self.common, now))
    }

    /// Lets a paused connection go on, from its backlog up to `passed`; answers whether it was paused.
    pub(crate) fn resume(
        &mut self,
        connection: &ConnectionId,
        passed: Seq,
        now: Timestamp,
    ) -> bool {
        let Some(id) = self.bot_ids.get(connection).copied() else {
            return false;
        };
        let Some(bot) = self.bots.get_mut(id.0) else {
            return false;
        };
        let Gate::Paused { passed: seen } = bot.gate else {
            return false;
        };
        let upto = passed.max(seen);
        bot.gate = match upto {
            Seq::ZERO => Gate::Open,
            upto => Gate::Behind(Behind::new(Seq::ZERO, upto)),
        };
        bot.settle(&mut self.common, now);
        self.forget_if_idle(id);
        true
    }

    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(crate) fn count(&self) -> Count {
        self.common.count
    }

    fn wake_lane(&mut self, lane: LaneId, now: Timestamp) {
        if let Some(queue) = self.common.lane(lane) {
            queue.alarm = None;
            if let Some(bot) = self.bots.get_mut(queue.bot.0) {
                bot.settle_lane(lane, &mut self.common, now);
                bot.settle(&mut self.common, now);
            }
        }
    }

    fn add_bot(&mut self, connection: &ConnectionId) -> BotId {
        // The number is the bot's own, so it is known only once it has a place.
        let id = BotId(self.bots.insert(Bot::new(BotId(0), connection.clone())));
        if let Some(bot) = self.bots.get_mut(id.0) {
            bot.id = id;
        }
        self.bot_ids.insert(connection.clone(), id);
        id
    }

    fn forget_if_idle(&mut self, id: BotId) {
        if self.bots.get(id.0).is_some_and(Bot::is_idle)
            && let Some(bot) = self.bots.remove(id.0)
        {
            self.bot_ids.remove(&bot.connection);
            shrink::shrink(&mut self.bot_ids);
        }
    }
}
