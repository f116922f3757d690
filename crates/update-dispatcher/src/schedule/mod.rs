//! Which update is handled when, as a state that changes only by what it is told: no task, no clock, no lock.
//!
//! The dispatcher tells it what was offered and what ended, and asks it what to start. Everything that follows from a
//! change is brought up to date at once (`settle`), so that no operation looks at more than one lane and one connection.

mod bot;
mod common;
mod lane_queue;
mod refill;
mod report;
mod ring;
mod shrink;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use clock::Timestamp;
use ids::ConnectionId;

use self::bot::{Behind, Bot, Gate};
use self::common::{Alarm, Class, Common};
use crate::item::Item;
use crate::{LaneKey, Limits, Offer, Queued, Seq};

pub(crate) use self::common::{Ask, Count, Subject};

pub(crate) struct Schedule {
    bots: HashMap<ConnectionId, Bot>,
    common: Common,
    /// Somebody was told that there is no room.
    starved: bool,
    closed: bool,
}

impl Schedule {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            bots: HashMap::new(),
            common: Common::new(limits.at_least_one()),
            starved: false,
            closed: false,
        }
    }

    pub(crate) fn offer(&mut self, queued: Queued, now: Timestamp) -> Offer {
        if self.closed {
            return Offer::Closed;
        }
        let connection = &queued.lane.connection;
        if let Some(bot) = self.bots.get_mut(connection)
            && let Some(offer) = bot.turns_away(&queued, &self.common)
        {
            let lane = queued.lane.lane;
            bot.settle_lane(&lane, &mut self.common, now);
            bot.settle(&mut self.common);
            return offer;
        }
        if !self.common.fits(queued.cost_bytes()) {
            self.starved = true;
            return Offer::Full;
        }
        let bot = self.bots.entry(connection.clone());
        let bot = bot.or_insert_with_key(|connection| Bot::new(connection.clone()));
        bot.load(queued, &mut self.common, now);
        bot.settle(&mut self.common);
        Offer::Loaded
    }

    /// What to start now: urgent updates first, then the connections in turn, then a connection's lanes in turn.
    pub(crate) fn start(&mut self, now: Timestamp) -> Option<Box<Item>> {
        while !self.closed && self.common.count.running < self.common.limits.running {
            let ready = &mut self.common.ready;
            let urgent = ready
                .urgent
                .pop()
                .map(|connection| (Class::Urgent, connection));
            let normal = || {
                ready
                    .normal
                    .pop()
                    .map(|connection| (Class::Normal, connection))
            };
            let (class, connection) = urgent.or_else(normal)?;
            let started = self.bots.get_mut(&connection);
            let started = started.and_then(|bot| bot.start(class, &mut self.common, now));
            if started.is_some() {
                return started;
            }
        }
        None
    }

    /// An attempt has ended: for good, or with the update to be tried again at its `not_before`.
    pub(crate) fn ended(&mut self, key: &LaneKey, again: Option<Box<Item>>, now: Timestamp) {
        if let Some(bot) = self.bots.get_mut(&key.connection) {
            bot.ended(&key.lane, again, &mut self.common, now);
            self.forget_if_idle(&key.connection);
        }
    }

    /// Lets go what waited until now.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        while let Some((at, _)) = self.common.alarms.first()
            && *at <= now
            && let Some((_, alarm)) = self.common.alarms.pop_first()
        {
            match alarm {
                Alarm::Retry(key) => self.wake_lane(&key, now),
                Alarm::Ask(subject) => self.ask_again(&subject, now),
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
        let bot = self.bots.entry(connection.clone());
        let bot = bot.or_insert_with_key(|connection| Bot::new(connection.clone()));
        bot.pause(&mut self.common, now)
    }

    /// Lets a paused connection go on, from its backlog up to `passed`; answers whether it was paused.
    pub(crate) fn resume(&mut self, connection: &ConnectionId, passed: Seq) -> bool {
        let Some(bot) = self.bots.get_mut(connection) else {
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
        bot.settle(&mut self.common);
        self.forget_if_idle(connection);
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

    fn wake_lane(&mut self, key: &LaneKey, now: Timestamp) {
        if let Some(bot) = self.bots.get_mut(&key.connection) {
            if let Some(queue) = bot.lanes.get_mut(&key.lane) {
                queue.alarm = None;
            }
            bot.settle_lane(&key.lane, &mut self.common, now);
            bot.settle(&mut self.common);
        }
    }

    fn forget_if_idle(&mut self, connection: &ConnectionId) {
        if self.bots.get(connection).is_some_and(Bot::is_idle) {
            self.bots.remove(connection);
            shrink::shrink(&mut self.bots);
        }
    }
}
