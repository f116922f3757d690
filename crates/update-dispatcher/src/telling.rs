//! How the end of an attempt is told: to the journal, and to the log.

use std::time::Duration;

use clock::Timestamp;

use crate::item::Item;
use crate::{Dead, DeadCause, Queued, Retry, SessionChange};

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

pub(crate) fn log_retry(queued: &Queued, waits: u32, reason: &str, delay: Duration) {
    tracing::info!(
        connection = %queued.lane.connection, seq = queued.seq.value(), kind = queued.kind.as_str(),
        attempt = queued.attempts, waits, delay_ms = delay.as_millis(), reason, "update will be tried again"
    );
}

pub(crate) fn log_dead(queued: &Queued, reason: &str, cause: DeadCause) {
    tracing::warn!(
        connection = %queued.lane.connection, seq = queued.seq.value(), kind = queued.kind.as_str(),
        attempt = queued.attempts, cause = cause.as_str(), reason, "update is a dead letter"
    );
}
