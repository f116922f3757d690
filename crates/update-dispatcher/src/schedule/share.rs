//! How much of memory a connection and a lane may take, and how many updates of a connection may run. What is shared is what is free: whoever holds as much as is free gets
//! no more. So one that is alone may take half of it all, each of nine a tenth, and those who come next always find some.

use super::common::Common;

/// What a connection may hold in any case, while there is room.
const LEAST_OF_BOT: usize = 4;

/// What a lane may hold in any case, if the limit for lanes allows it and its connection does.
const LEAST_OF_LANE: usize = 64;

impl Common {
    /// Whether a connection that holds this much may not take more.
    pub(super) fn is_too_much(&self, loaded: usize, bytes: usize) -> bool {
        loaded >= self.share_of_bot() || (loaded >= LEAST_OF_BOT && bytes >= self.free_bytes())
    }

    /// Whether a connection that holds this much has room again for what it left on disk: well below its share, lest it asks
    /// for each update.
    pub(super) fn is_little(&self, loaded: usize, bytes: usize) -> bool {
        let few = loaded <= self.share_of_bot() / 2;
        few && (loaded <= LEAST_OF_BOT / 2 || bytes <= self.free_bytes() / 2)
    }

    /// Whether a connection of which so many updates run may run another now: one in any case, more up to twice as many as
    /// there is room for, and none of the last sixteenth. So handlers that hang cannot take all that room, unless nearly
    /// each is of another connection.
    pub(super) const fn may_run_another(&self, running: usize) -> bool {
        let most = self.limits.running;
        let free = most.saturating_sub(self.count.running);
        running == 0 || (running < 2 * free && free > most / 16)
    }

    /// How many updates of a connection may be in memory.
    pub(super) fn share_of_bot(&self) -> usize {
        let free = self.free().max(LEAST_OF_BOT);
        free.min(self.limits.loaded_per_bot)
    }

    /// How many updates of a lane may wait in memory.
    pub(super) fn share_of_lane(&self) -> usize {
        let most = self.limits.waiting_per_lane;
        (self.free() / 2).clamp(LEAST_OF_LANE.min(most), most)
    }
}
