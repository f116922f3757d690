//! The schedule as operators see it.

use super::Schedule;
use super::bot::{Bot, Gate};
use super::lane_queue::{LaneQueue, Running};
use crate::item::Item;
use crate::{BotSnapshot, Lane, LaneSnapshot, RetrySnapshot, RunningSnapshot, Snapshot, Totals};

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

    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut bots: Vec<_> = self.bots.values().map(bot_snapshot).collect();
        bots.sort_unstable_by(|one, other| one.connection.cmp(&other.connection));
        Snapshot {
            totals: self.totals(),
            closed: self.closed,
            bots,
        }
    }

    pub(crate) fn snapshot_of(&self, connection: &ids::ConnectionId) -> Option<BotSnapshot> {
        self.bots.get(connection).map(bot_snapshot)
    }
}

fn bot_snapshot(bot: &Bot) -> BotSnapshot {
    let mut lanes: Vec<_> = bot
        .lanes
        .iter()
        .map(|(lane, queue)| lane_snapshot(lane, queue))
        .collect();
    lanes.sort_unstable_by(|one, other| one.lane.cmp(&other.lane));
    BotSnapshot {
        connection: bot.connection.clone(),
        paused: matches!(bot.gate, Gate::Paused { .. }),
        behind: matches!(bot.gate, Gate::Behind(_)),
        running: bot.running,
        waiting: bot.loaded - bot.running,
        lanes,
    }
}

fn lane_snapshot(lane: &Lane, queue: &LaneQueue) -> LaneSnapshot {
    LaneSnapshot {
        lane: lane.clone(),
        running: queue.running.as_ref().map(running_snapshot),
        waiting: queue.len(),
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
