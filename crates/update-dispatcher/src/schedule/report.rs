//! The schedule as operators see it.

use std::collections::HashMap;

use super::Schedule;
use super::behind::Gate;
use super::bot::Bot;
use super::lane_queue::{LaneQueue, Running};
use super::terms::BotId;
use crate::item::Item;
use crate::{BotSnapshot, LaneSnapshot, RetrySnapshot, RunningSnapshot, Snapshot, Totals};

impl Schedule {
    pub(crate) fn totals(&self) -> Totals {
        let count = self.common.count;
        Totals {
            running: count.running,
            waiting: count.loaded - count.running,
            bytes: count.bytes,
            bots: self.bots.len(),
        }
    }

    /// In no order, so that the lock is not held for putting it in one.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut lanes: HashMap<BotId, Vec<LaneSnapshot>> = HashMap::new();
        for (_, queue) in self.common.lanes() {
            let of_bot = lanes.entry(queue.bot).or_default();
            of_bot.push(lane_snapshot(queue));
        }
        let bots = self.bots.iter();
        let bots = bots
            .map(|(_, bot)| bot_snapshot(bot, lanes.remove(&bot.id).unwrap_or_default()))
            .collect();
        Snapshot {
            totals: self.totals(),
            closed: self.closed,
            bots,
        }
    }

    pub(crate) fn snapshot_of(&self, connection: &ids::ConnectionId) -> Option<BotSnapshot> {
        let id = *self.bot_ids.get(connection)?;
        let lanes = self.common.lanes().map(|(_, queue)| queue);
        let lanes = lanes.filter(|queue| queue.bot == id).map(lane_snapshot);
        Some(bot_snapshot(self.bots.get(id.0)?, lanes.collect()))
    }
}

fn bot_snapshot(bot: &Bot, lanes: Vec<LaneSnapshot>) -> BotSnapshot {
    BotSnapshot {
        connection: bot.connection.clone(),
        paused: matches!(bot.gate, Gate::Paused { .. }),
        behind: matches!(bot.gate, Gate::Behind(_)),
        running: bot.running,
        waiting: bot.loaded - bot.running,
        lanes,
    }
}

fn lane_snapshot(queue: &LaneQueue) -> LaneSnapshot {
    LaneSnapshot {
        lane: queue.lane.clone(),
        running: queue.running.as_ref().map(running_snapshot),
        waiting: queue.len(),
        oldest: queue.waiting().next().map(|item| item.queued.received_at),
        spilled: queue.spilled_to.is_some(),
        retries: queue.waiting().filter_map(retry_snapshot).collect(),
    }
}

fn running_snapshot(running: &Running) -> RunningSnapshot {
    RunningSnapshot {
        seq: running.seq,
        update_id: running.update_id,
        kind: running.kind.clone(),
        attempt: running.attempt,
        since: running.since,
    }
}

fn retry_snapshot(item: &Item) -> Option<RetrySnapshot> {
    let queued = &item.queued;
    Some(RetrySnapshot {
        seq: queued.seq,
        update_id: queued.update_id,
        kind: queued.kind.clone(),
        attempts: queued.attempts,
        not_before: queued.not_before?,
        reason: queued.history.last().map(|attempt| attempt.reason.clone()),
    })
}
