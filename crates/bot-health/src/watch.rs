//! What every part of the watch shares.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bot_connection::PublicUrl;
use ids::ConnectionId;
use tokio::sync::{Notify, Semaphore};

use crate::config::HealthConfig;
use crate::endpoint::EndpointWatch;
use crate::error::Error;
use crate::figures::{Counters, Figures, count};
use crate::flights::Flights;
use crate::parts::Parts;
use crate::signal::{Cause, Signal};
use crate::state::State;

pub(crate) struct Watch {
    pub(crate) parts: Parts,
    pub(crate) config: HealthConfig,
    pub(crate) counters: Counters,
    pub(crate) endpoint: EndpointWatch,
    pub(crate) flights: Flights,
    /// Inspections that may be under way at once.
    pub(crate) places: Semaphore,
    /// Told when an inspection was asked for.
    pub(crate) woken: Notify,
    state: Mutex<State>,
}

impl Watch {
    pub(crate) fn new(parts: Parts, config: HealthConfig) -> Self {
        let public = parts
            .public_url
            .as_ref()
            .filter(|_| config.looks_at_endpoint);
        Self {
            counters: Counters::default(),
            endpoint: EndpointWatch::new(public.map(PublicUrl::as_str)),
            flights: Flights::default(),
            places: Semaphore::new(config.at_once),
            woken: Notify::new(),
            state: Mutex::new(State::new(&config)),
            parts,
            config,
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn hear(&self, signal: Signal) {
        let now = self.parts.clock.elapsed();
        let mut state = self.state();
        let Some((connection, cause)) = state.note(signal, now) else {
            return;
        };
        let taken = state.desk.ask(connection, cause, now);
        drop(state);
        self.asked(taken);
    }

    /// Asks for an inspection of each.
    pub(crate) fn ask(&self, connections: impl IntoIterator<Item = u128>, cause: Cause) {
        let now = self.parts.clock.elapsed();
        for connection in connections {
            let taken = self.state().desk.ask(connection, cause, now);
            self.asked(taken);
        }
    }

    /// Whether calls with this connection's token are known to be in vain.
    pub(crate) fn is_dead(&self, connection: &ConnectionId) -> bool {
        self.state().rota.is_dead(connection.to_bits())
    }

    pub(crate) fn figures(&self) -> Figures {
        let state = self.state();
        Figures {
            connections: state.counts.clone(),
            inspections: self.counters.inspections(),
            changes: self.counters.changes.load(Ordering::Relaxed),
            healed: self.counters.healed.load(Ordering::Relaxed),
            waiting: state.desk.busy(),
            under_way: self.flights.under_way(),
            turned_away: self.counters.turned_away.load(Ordering::Relaxed),
            habits: state.pulse.len(),
            sweep_visited: state.sweep.visited,
            sweep_expected: state.sweep.expected,
            sweep_took: state.sweep.took,
        }
    }

    fn asked(&self, taken: bool) {
        if taken {
            self.woken.notify_one();
        } else {
            count(&self.counters.turned_away);
        }
    }
}

/// Says what failed of that which nobody waits for; it is tried again.
pub(crate) fn failed(error: &Error, what: &'static str) {
    tracing::warn!(error = error as &dyn std::error::Error, "{what}");
}
