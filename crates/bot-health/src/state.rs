//! What the watch keeps in memory, behind one lock that is never held across a wait.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use clock::Timestamp;
use ids::ConnectionId;

use crate::config::HealthConfig;
use crate::desk::Desk;
use crate::pulse::Pulse;
use crate::rota::Rota;
use crate::row::Row;
use crate::signal::{Cause, Signal};
use crate::tallies::{Streaks, Tallies};
use crate::verdict::VerdictCode;
use crate::verdict::facts::Refusal;

pub(crate) struct State {
    pub(crate) pulse: Pulse,
    pub(crate) wrong_secrets: Tallies,
    pub(crate) refusals: Tallies,
    /// Why the last request was refused, of those in `refusals`.
    pub(crate) refused_why: HashMap<u128, Refusal>,
    pub(crate) streaks: Streaks,
    pub(crate) desk: Desk,
    pub(crate) rota: Rota,
    /// Which other answer than one about the bot Telegram has been giving, and since when.
    pub(crate) no_answer: HashMap<u128, (NoAnswer, Timestamp)>,
    /// Since when an operator has held a bot's updates back, as far as it was seen.
    pub(crate) held: HashMap<u128, Timestamp>,
    /// Rows of looks that showed nothing new, to be written soon.
    pub(crate) looked: BTreeMap<ConnectionId, Row>,
    pub(crate) counts: Vec<(VerdictCode, u64)>,
    pub(crate) sweep: SweepState,
}

/// What Telegram answers instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    RateLimited,
    Unavailable,
}

/// How far the sweep is, for the figures.
#[derive(Clone, Copy, Default)]
pub(crate) struct SweepState {
    pub(crate) visited: u64,
    pub(crate) expected: u64,
    pub(crate) took: Option<Duration>,
}

impl State {
    pub(crate) fn new(config: &HealthConfig) -> Self {
        Self {
            pulse: Pulse::new(config.habits),
            wrong_secrets: Tallies::new(LATELY, UNUSUAL),
            refusals: Tallies::new(LATELY, UNUSUAL),
            refused_why: HashMap::new(),
            streaks: Streaks::new(UNUSUAL),
            desk: Desk::new(WAITING),
            rota: Rota::default(),
            no_answer: HashMap::new(),
            held: HashMap::new(),
            looked: BTreeMap::new(),
            counts: Vec::new(),
            sweep: SweepState::default(),
        }
    }

    /// Notes a signal; answers whom to inspect because of it, if that is called for.
    pub(crate) fn note(&mut self, signal: Signal, now: Duration) -> Option<(u128, Cause)> {
        let (connection, cause) = match signal {
            Signal::Accepted { connection } => {
                let connection = connection.to_bits();
                self.pulse.beat(connection, now);
                // Whatever it was, updates come again.
                let cause = self.rota.is_troubled(connection).then_some(Cause::Recovery);
                (connection, cause)
            }
            Signal::Handled { connection } => {
                let connection = connection.to_bits();
                self.pulse.handled(connection, now);
                let ends = self.streaks.handled(connection) && self.rota.is_troubled(connection);
                (connection, ends.then_some(Cause::Recovery))
            }
            Signal::Failed {
                connection,
                at,
                reason,
            } => {
                let connection = connection.to_bits();
                self.streaks.failed(connection, at, reason);
                (connection, Some(Cause::Handlers))
            }
            Signal::WrongSecret { connection } => {
                let connection = connection.to_bits();
                let burst = self.wrong_secrets.add(connection, now, BURST);
                (connection, burst.then_some(Cause::WrongSecret))
            }
            Signal::RefusedByUs {
                connection,
                refusal,
            } => {
                let connection = connection.to_bits();
                let burst = self.refusals.add(connection, now, BURST);
                self.note_refusal(connection, refusal);
                (connection, burst.then_some(Cause::RefusedByUs))
            }
            Signal::TokenRefused { connection, .. } => {
                let connection = connection.to_bits();
                // That is known, and its own budget sees to it.
                let news = !self.rota.is_dead(connection);
                (connection, news.then_some(Cause::TokenRefused))
            }
            Signal::Registered { connection } => {
                let connection = connection.to_bits();
                self.wrong_secrets.forget(connection);
                self.refusals.forget(connection);
                self.no_answer.remove(&connection);
                (connection, Some(Cause::Registered))
            }
        };
        cause.map(|cause| (connection, cause))
    }

    /// Since when Telegram has been answering like this, which is now if it did not before.
    pub(crate) fn no_answer_since(
        &mut self,
        connection: u128,
        how: NoAnswer,
        now: Timestamp,
    ) -> Timestamp {
        let entry = self.no_answer.entry(connection).or_insert((how, now));
        if entry.0 != how {
            *entry = (how, now);
        }
        entry.1
    }

    /// Some of the rows that are to be written.
    pub(crate) fn take_looked(&mut self, most: usize) -> Vec<(ConnectionId, Row)> {
        let looked = std::iter::from_fn(|| self.looked.pop_first());
        looked.take(most).collect()
    }

    fn note_refusal(&mut self, connection: u128, refusal: Refusal) {
        if self.refused_why.len() > UNUSUAL {
            self.refused_why.clear();
        }
        self.refused_why.insert(connection, refusal);
    }
}

/// Three wrong secrets or refusals within this time are a burst.
const BURST: Duration = Duration::from_secs(60);

/// What "lately" means for wrong secrets and refusals: up to twice this.
const LATELY: Duration = Duration::from_secs(1_800);

/// Connections with something unusual that are told apart.
const UNUSUAL: usize = 8_192;

/// Connections whose inspections may wait; some 150 bytes each.
const WAITING: usize = 100_000;
