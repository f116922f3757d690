//! Getting back from the journal what did not fit into memory.

use std::time::Duration;

use clock::Timestamp;
use ids::ConnectionId;

use super::Schedule;
use super::bot::{Bot, Gate};
use super::common::{Ask, Asked, Asking, Common, Subject};
use crate::{LaneKey, Queued, Seq};

/// How long after a failed question the next is put.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl Schedule {
    /// The next question to put to the journal, if there is room for its answer.
    pub(crate) fn ask(&mut self) -> Option<Ask> {
        while !self.closed && self.common.may_ask() {
            let subject = self.common.wanting.pop()?;
            let asked = match &subject {
                Subject::Lane(key) => self.ask_for_lane(key),
                Subject::Connection(connection) => self.ask_for_connection(connection),
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
        let connection = match &asked.subject {
            Subject::Lane(key) => &key.connection,
            Subject::Connection(connection) => connection,
        };
        let Some(bot) = self.bots.get_mut(connection) else {
            return;
        };
        match &asked.subject {
            Subject::Lane(key) => refill_lane(bot, key, id, &asked, rows, &mut self.common, now),
            Subject::Connection(_) => refill_bot(bot, id, &asked, rows, &mut self.common, now),
        }
        bot.settle(&mut self.common);
        let connection = connection.clone();
        self.forget_if_idle(&connection);
    }

    /// The time to put a failed question again has come.
    pub(super) fn ask_again(&mut self, subject: &Subject, now: Timestamp) {
        let (Subject::Lane(LaneKey { connection, .. }) | Subject::Connection(connection)) = subject;
        let Some(bot) = self.bots.get_mut(connection) else {
            return;
        };
        match (subject, &mut bot.gate) {
            (Subject::Lane(key), _) => {
                if let Some(queue) = bot.lanes.get_mut(&key.lane) {
                    queue.asking = Asking::No;
                }
                bot.settle_lane(&key.lane, &mut self.common, now);
            }
            (Subject::Connection(_), Gate::Behind(behind)) => behind.asking = Asking::No,
            (Subject::Connection(_), _) => {}
        }
        bot.settle(&mut self.common);
    }

    fn ask_for_lane(&mut self, key: &LaneKey) -> Option<Ask> {
        let queue = self
            .bots
            .get_mut(&key.connection)?
            .lanes
            .get_mut(&key.lane)?;
        queue.asking = Asking::No;
        let upto = queue.spilled_to?;
        let most = self
            .common
            .limits
            .waiting_per_lane
            .saturating_sub(queue.len());
        let limit = most.min(self.common.limits.refill);
        let ask = self
            .common
            .ask(Subject::Lane(key.clone()), queue.loaded_to, upto, limit);
        queue.asking = Asking::Asked(ask.id);
        Some(ask)
    }

    fn ask_for_connection(&mut self, connection: &ConnectionId) -> Option<Ask> {
        let bot = self.bots.get_mut(connection)?;
        let Gate::Behind(behind) = &mut bot.gate else {
            return None;
        };
        let subject = Subject::Connection(connection.clone());
        let limit = self.common.limits.refill;
        let ask = self.common.ask(subject, behind.after, behind.upto, limit);
        behind.asking = Asking::Asked(ask.id);
        behind.ended.clear();
        Some(ask)
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
    key: &LaneKey,
    id: u64,
    asked: &Asked,
    rows: Option<Vec<Queued>>,
    common: &mut Common,
    now: Timestamp,
) {
    let Some(queue) = bot.lanes.get_mut(&key.lane) else {
        return;
    };
    if queue.asking != Asking::Asked(id) {
        return;
    }
    let (after, spilled_to) = (queue.loaded_to, queue.spilled_to);
    match (rows, spilled_to) {
        (Some(rows), Some(last)) => {
            let taken = take(asked, rows, after, last, common, |row, common| {
                let known = bot
                    .lanes
                    .get(&key.lane)
                    .is_some_and(|lane| lane.contains(row.seq));
                if !known {
                    bot.load(row, common, now);
                }
            });
            if let Some(queue) = bot.lanes.get_mut(&key.lane) {
                queue.asking = Asking::No;
                queue.caught_up_to(taken);
            }
        }
        (None, Some(_)) => {
            let subject = asked.subject.clone();
            common.ask_later(&mut queue.asking, now + ASK_AGAIN_AFTER, subject);
        }
        (_, None) => queue.asking = Asking::No,
    }
    bot.settle_lane(&key.lane, common, now);
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
        let subject = asked.subject.clone();
        common.ask_later(&mut behind.asking, now + ASK_AGAIN_AFTER, subject);
        return;
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
