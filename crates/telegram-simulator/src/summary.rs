//! What the ledger's records come to.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ids::BotId;
use crate::ledger::Ledger;

/// A time in which nothing was acknowledged, in microseconds of the simulator's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// When the last update before it was acknowledged.
    pub from_us: u64,
    /// When the first update after it was.
    pub to_us: u64,
}

impl Gap {
    /// How long it was, in microseconds.
    #[must_use]
    pub fn us(&self) -> u64 {
        self.to_us - self.from_us
    }
}

impl Ledger {
    /// The longest time between two acknowledgements of a bot's updates, one after the other; `None` before there were two.
    #[must_use]
    pub fn longest_gap(&self, bot: BotId) -> Option<Gap> {
        let mut times: Vec<u64> = self
            .updates(bot)
            .filter_map(|update| update.acknowledged_us)
            .collect();
        times.sort_unstable();
        let gaps = times.windows(2).map(|pair| Gap {
            from_us: pair[0],
            to_us: pair[1],
        });
        gaps.max_by_key(Gap::us)
    }

    /// A bot's updates by lane, each in the order in which they were first written to a webhook. A lane is what Telegram sends one
    /// after the other: a chat's messages, a user's taps.
    #[must_use]
    pub fn lanes(&self, bot: BotId) -> BTreeMap<i64, Vec<i64>> {
        let lane_of: BTreeMap<i64, i64> = self
            .updates(bot)
            .map(|update| (update.update_id, update.lane))
            .collect();
        let mut lanes: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for delivery in self.deliveries(bot).filter(|one| one.attempt == 1) {
            if let Some(lane) = lane_of.get(&delivery.update_id) {
                lanes.entry(*lane).or_default().push(delivery.update_id);
            }
        }
        lanes
    }

    /// The updates that were first written after a later one of their lane.
    #[must_use]
    pub fn out_of_order(&self, bot: BotId) -> Vec<i64> {
        let mut late = Vec::new();
        for lane in self.lanes(bot).into_values() {
            let mut last = i64::MIN;
            for update_id in lane {
                if update_id < last {
                    late.push(update_id);
                }
                last = last.max(update_id);
            }
        }
        late
    }
}
