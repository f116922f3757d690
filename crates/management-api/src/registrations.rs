//! Webhooks that are registered anew because a setting or the master key changed: how many are due, why, and how fast it goes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bot_connection::{BotConnections, Progress};
use clock::Clock;
use http::StatusCode;
use serde::Serialize;

use crate::asked::{Answer, Asked};
use crate::query::Query;
use crate::tokens::Ability;
use crate::{answer, connecting};

/// How fast webhooks are registered anew: whoever calls [`BotConnections::reregister_due`] notes here what it answers. Cheap to clone;
/// clones are one. [`ManagementApi::renewals`](crate::ManagementApi::renewals) gives the one that is shown.
#[derive(Clone)]
pub struct Renewals {
    clock: Clock,
    noted: Arc<Mutex<Noted>>,
}

#[derive(Default)]
struct Noted {
    done: u64,
    failed: u64,
    /// Until when nothing more is done, on the clock's own count.
    paused_until: Duration,
    /// When how many were done, of late.
    lately: VecDeque<(Duration, u64)>,
}

impl Renewals {
    /// Of a server that has registered nothing anew yet.
    pub(crate) fn new(clock: Clock) -> Self {
        let noted = Arc::default();
        Self { clock, noted }
    }

    /// Notes a share of the work.
    pub fn note(&self, progress: &Progress) {
        let now = self.clock.elapsed();
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.done += progress.done;
        noted.failed += progress.failed;
        noted.paused_until = now.saturating_add(progress.paused_for);
        noted.forget(now);
        if progress.done > 0 {
            noted.lately.push_back((now, progress.done));
        }
    }
}

impl Noted {
    fn forget(&mut self, now: Duration) {
        while self
            .lately
            .front()
            .is_some_and(|(at, _)| *at + LATELY < now)
        {
            self.lately.pop_front();
        }
    }
}

#[derive(Clone)]
pub(crate) struct Registrations {
    connections: BotConnections,
    renewals: Renewals,
}

#[derive(Serialize)]
struct Shown {
    due: u64,
    reasons: Reasons,
    done_since_start: u64,
    failed_since_start: u64,
    done_last_minute: u64,
    paused_for_seconds: u64,
}

/// One webhook may be due for more than one reason.
#[derive(Serialize)]
struct Reasons {
    public_url: u64,
    update_kinds: u64,
    max_connections: u64,
    master_key: u64,
}

impl Registrations {
    pub(crate) fn new(connections: BotConnections, renewals: Renewals) -> Self {
        Self {
            connections,
            renewals,
        }
    }

    pub(crate) fn renewals(&self) -> Renewals {
        self.renewals.clone()
    }

    pub(crate) async fn show(&self, asked: Asked<'_>) -> Answer {
        Query::read(asked.query, &[])?;
        asked.of_whole_server(Ability::ProjectViewAny)?;
        let drift = self.connections.drift().await;
        let drift = drift.map_err(|error| connecting::explain(&error, asked.id))?;
        let now = self.renewals.clock.elapsed();
        let shown = {
            let noted = &self.renewals.noted;
            let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.forget(now);
            Shown {
                due: drift.due,
                reasons: Reasons {
                    public_url: drift.public_url,
                    update_kinds: drift.kinds,
                    max_connections: drift.max_connections,
                    master_key: drift.key,
                },
                done_since_start: noted.done,
                failed_since_start: noted.failed,
                done_last_minute: noted.lately.iter().map(|(_, done)| done).sum(),
                paused_for_seconds: noted.paused_until.saturating_sub(now).as_secs(),
            }
        };
        Ok(answer::data(StatusCode::OK, &shown, asked.id))
    }
}

const LATELY: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_a_minute_ago_is_no_longer_late() {
        let (clock, hands) = Clock::manual();
        let renewals = Renewals::new(clock.clone());
        let share = |done| Progress {
            done,
            ..Progress::default()
        };
        renewals.note(&share(5));
        hands.advance(Duration::from_secs(61));
        renewals.note(&share(7));
        let noted = renewals.noted.lock().unwrap();
        assert_eq!((noted.done, noted.lately.len()), (12, 1));
    }
}
