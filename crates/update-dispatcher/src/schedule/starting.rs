//! Whose turn it is.

use clock::Timestamp;

use super::Schedule;
use super::terms::{BotId, Class};
use crate::item::Item;

/// How many of those that let others go first are looked at for one that may go on after all.
const LOOKED_AT: usize = 4;

impl Schedule {
    /// What to start now: urgent updates first, then the connections in turn, then a connection's lanes in turn.
    pub(crate) fn start(&mut self, now: Timestamp) -> Option<Box<Item>> {
        while !self.closed && self.common.count.running < self.common.limits.running {
            let Some((class, id)) = self.next_in_line() else {
                return self.start_aside(now);
            };
            let Some(bot) = self.bots.get_mut(id.0) else {
                continue;
            };
            if !self.common.may_run_another(bot.running) {
                bot.step_aside(class, &mut self.common, now);
                continue;
            }
            let started = bot.start(class, &mut self.common, now);
            if started.is_some() {
                return started;
            }
        }
        None
    }

    fn next_in_line(&mut self) -> Option<(Class, BotId)> {
        let common = &mut self.common;
        if let Some(id) = common.bot_places.pop(&mut common.ready.urgent) {
            return Some((Class::Urgent, id));
        }
        let id = common.bot_places.pop(&mut common.ready.normal)?;
        Some((Class::Normal, id))
    }

    /// Nobody else is there: then one of those that stepped aside may go on, if it leaves some room still.
    fn start_aside(&mut self, now: Timestamp) -> Option<Box<Item>> {
        // Something of each of them runs.
        if !self.common.may_run_another(1) {
            return None;
        }
        for _ in 0..LOOKED_AT {
            let common = &mut self.common;
            let id = common.bot_places.pop(&mut common.aside)?;
            let bot = self.bots.get_mut(id.0)?;
            bot.aside = None;
            if common.may_run_another(bot.running) {
                return bot.start(bot.class(), common, now);
            }
            bot.aside = Some(common.bot_places.push(&mut common.aside, id));
        }
        None
    }
}
