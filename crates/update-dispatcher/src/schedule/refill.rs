//! Getting back from the journal what did not fit into memory.

use std::time::Duration;

use clock::Timestamp;
use ids::ConnectionId;

use super::Schedule;
use super::behind::Gate;
use super::bot::Bot;
use super::common::{Asked, Common};
use super::lane_queue::LaneQueue;
use super::terms::{Asker, Asking, BotId};
use crate::item::LaneId;
use crate::{LaneKey, Queued, Seq};

/// What the journal is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Lane(LaneKey),
    Connection(ConnectionId),
}

/// A question to the journal.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) id: u64,
    pub(crate) subject: Subject,
    pub(crate) after: Seq,
    pub(crate) limit: usize,
}

/// How long after a failed question the next is put.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl Schedule {
    /// The next question to put to the journal, if there is room for its answer.
    pub(crate) fn ask(&mut self) -> Option<Ask> {
        while !self.closed && self.common.may_ask() {
            let asked = match self.common.next_asker()? {
                Asker::Lane(lane) => self.ask_for_lane(lane),
                Asker::Bot(bot) => self.ask_for_bot(bot),
            };
            if asked.is_some() {
                return asked;
            }
        }
        None
    }

    /// The journal has answered; `None` when it could not.
    pub(crate) fn answered(&mut self, id: u64, rows: Option<Vec<Queued>>, now: Timestamp) {
        let Some(asked) = self.common.answered(id) else {
            return;
        };
        let Some(bot) = self.bot_of(asked.asker) else {
            return;
        };
        let Some(bot) = self.bots.get_mut(bot.0) else {
            return;
        };
        match asked.asker {
            Asker::Lane(lane) => refill_lane(bot, lane, id, &asked, rows, &mut self.common, now),
            Asker::Bot(_) => refill_bot(bot, id, &asked, rows, &mut self.common, now),
        }
        bot.settle(&mut self.common, now);
        let bot = bot.id;
        self.forget_if_idle(bot);
    }

    /// The time to look at a question again has come.
    pub(super) fn ask_again(&mut self, asker: Asker, now: Timestamp) {
        let Some(bot) = self.bot_of(asker) else {
            return;
        };
        let Some(bot) = self.bots.get_mut(bot.0) else {
            return;
        };
        match (asker, &mut bot.gate) {
            (Asker::Lane(lane), _) => {
                if let Some(queue) = self.common.lane(lane) {
                    queue.asking = Asking::No;
                }
                bot.settle_lane(lane, &mut self.common, now);
            }
            (Asker::Bot(_), Gate::Behind(behind)) => behind.asking = Asking::No,
            (Asker::Bot(_), _) => {}
        }
        bot.settle(&mut self.common, now);
    }

    fn bot_of(&mut self, asker: Asker) -> Option<BotId> {
        match asker {
            Asker::Lane(lane) => Some(self.common.lane(lane)?.bot),
            Asker::Bot(bot) => Some(bot),
        }
    }

    fn ask_for_lane(&mut self, lane: LaneId) -> Option<Ask> {
        let most = self.common.share_of_lane();
        let refill = self.common.limits.refill;
        let queue = self.common.lane(lane)?;
        queue.asking = Asking::No;
        let (after, upto) = (queue.loaded_to, queue.spilled_to?);
        let limit = most.saturating_sub(queue.len()).min(refill);
        let (bot, name) = (queue.bot, queue.lane.clone());
        let (id, limit) = self.common.ask(Asker::Lane(lane), upto, limit);
        self.common.lane(lane)?.asking = Asking::Asked(id);
        let connection = self.bots.get(bot.0)?.connection.clone();
        Some(Ask {
            id,
            subject: Subject::Lane(LaneKey::new(connection, name)),
            after,
            limit,
        })
    }

    fn ask_for_bot(&mut self, bot: BotId) -> Option<Ask> {
        let bot = self.bots.get_mut(bot.0)?;
        let Gate::Behind(behind) = &mut bot.gate else {
            return None;
        };
        let share = self.common.share_of_bot().saturating_sub(bot.loaded);
        let limit = self.common.limits.refill.min(share);
        let (id, limit) = self.common.ask(Asker::Bot(bot.id), behind.upto, limit);
        behind.asking = Asking::Asked(id);
        behind.ended.clear();
        Some(Ask {
            id,
            subject: Subject::Connection(bot.connection.clone()),
            after: behind.after,
            limit,
        })
    }
}

/// Takes the rows up to `last` as far as memory allows, the first of them in any case; answers up to where all are taken.
fn take(
    asked: &Asked,
    rows: Vec<Queued>,
    after: Seq,
    last: Seq,
    common: &mut Common,
    mut load: impl FnMut(Queued, &mut Common),
) -> Seq {
    let short = rows.len() < asked.limit;
    let mut upto = after;
    for (number, row) in rows.into_iter().enumerate() {
        if row.seq > last {
            // Whatever comes after the last one that was spilled will be offered.
            return last;
        }
        if number > 0 && !common.fits(row.cost_bytes()) {
            return upto;
        }
        upto = row.seq;
        load(row, common);
    }
    // There was no more: so all that had been spilled when the question was put is here.
    if short { upto.max(asked.upto) } else { upto }
}

fn refill_lane(
    bot: &mut Bot,
    lane: LaneId,
    id: u64,
    asked: &Asked,
    rows: Option<Vec<Queued>>,
    common: &mut Common,
    now: Timestamp,
) {
    let Some(queue) = common.lane(lane) else {
        return;
    };
    if queue.asking != Asking::Asked(id) {
        return;
    }
    match (rows, queue.spilled_to) {
        (Some(rows), Some(last)) => {
            // The lane stays while rows are loaded, because some of it was spilled.
            let after = queue.loaded_to;
            let taken = take(asked, rows, after, last, common, |row, common| {
                let known = |lane: &mut LaneQueue| lane.contains(row.seq);
                if !common.lane(lane).is_some_and(known) {
                    bot.load(row, Some(lane), common, now);
                }
            });
            if let Some(queue) = common.lane(lane) {
                queue.asking = Asking::No;
                queue.caught_up_to(taken);
            }
        }
        (None, Some(_)) => {
            let at = now + ASK_AGAIN_AFTER;
            queue.asking = Asking::Later(at);
            common.look_again(asked.asker, at);
        }
        (_, None) => queue.asking = Asking::No,
    }
    bot.settle_lane(lane, common, now);
}

fn refill_bot(
    bot: &mut Bot,
    id: u64,
    asked: &Asked,
    rows: Option<Vec<Queued>>,
    common: &mut Common,
    now: Timestamp,
) {
    let Gate::Behind(behind) = &mut bot.gate else {
        return;
    };
    if behind.asking != Asking::Asked(id) {
        return;
    }
    let Some(rows) = rows else {
        let at = now + ASK_AGAIN_AFTER;
        behind.asking = Asking::Later(at);
        return common.look_again(asked.asker, at);
    };
    behind.asking = Asking::No;
    let ended = std::mem::take(&mut behind.ended);
    let (after, last) = (behind.after, behind.upto);
    let taken = take(asked, rows, after, last, common, |row, common| {
        if !ended.contains(&row.seq) {
            bot.load_backlog(row, common, now);
        }
    });
    bot.caught_up_to(taken, common);
}
