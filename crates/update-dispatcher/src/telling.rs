//! How the end of an attempt is told: to the journal, and to the log.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clock::Timestamp;

use crate::item::Item;
use crate::{Dead, DeadCause, Queued, Retry, SessionChange};

/// Logs at this level when the count is a power of two, and otherwise as what befell a single update.
macro_rules! at_milestones {
    ($count:expr, $level:ident, $($fields:tt)*) => {
        if $count.is_power_of_two() {
            tracing::event!(tracing::Level::$level, $($fields)*);
        } else {
            tracing::debug!($($fields)*);
        }
    };
}

pub(crate) fn retry_of(
    queued: &Queued,
    sessions: Vec<SessionChange>,
    not_before: Timestamp,
    reason: String,
) -> Retry {
    Retry {
        progress: queued.progress,
        attempts: queued.attempts,
        not_before,
        reason,
        history: queued.history.clone(),
        sessions,
    }
}

pub(crate) fn dead_of(
    item: &mut Item,
    cause: DeadCause,
    reason: String,
    dead_at: Timestamp,
) -> Dead {
    let update = item.update();
    let queued = &mut item.queued;
    Dead {
        update,
        took: item.took,
        cause,
        reason,
        progress: queued.progress,
        attempts: queued.attempts,
        history: std::mem::take(&mut queued.history),
        dead_at,
        sessions: std::mem::take(&mut item.sessions),
    }
}

/// How often updates failed. Whoever writes to a bot can have one fail, and must not write the operator's log: the first, the
/// second, the fourth and so on are told, the others with the single updates.
#[derive(Default)]
pub(crate) struct Told {
    retries: AtomicU64,
    dead: AtomicU64,
}

impl Told {
    pub(crate) fn retry(&self, queued: &Queued, waits: u32, reason: &str, delay: Duration) {
        let retries = count(&self.retries);
        at_milestones!(retries, INFO,
            connection = %queued.lane.connection, seq = queued.seq.value(), kind = queued.kind.as_str(),
            attempt = queued.attempts, waits, delay_ms = delay.as_millis(), reason, retries, "update will be tried again"
        );
    }

    pub(crate) fn dead(&self, queued: &Queued, reason: &str, cause: DeadCause) {
        let dead = count(&self.dead);
        at_milestones!(dead, WARN,
            connection = %queued.lane.connection, seq = queued.seq.value(), kind = queued.kind.as_str(),
            attempt = queued.attempts, cause = cause.as_str(), reason, dead, "update is a dead letter"
        );
    }
}

fn count(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed) + 1
}
