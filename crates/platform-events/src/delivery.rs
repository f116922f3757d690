//! A delivery as an endpoint's owner sees it.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use clock::Timestamp;
use diesel::prelude::*;
use ids::{EndpointId, EventId, ProjectId};

use crate::schema::event_deliveries;
use crate::state::DeliveryState;

/// Counts deliveries, in the order of their events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryNumber(i64);

/// An event on its way to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its number.
    pub number: DeliveryNumber,
    /// Where to.
    pub endpoint: EndpointId,
    /// The event.
    pub event: EventId,
    /// The event's type.
    pub event_type: String,
    /// Whose bot the event is about.
    pub project: ProjectId,
    /// What became of it so far.
    pub state: DeliveryState,
    /// How often it was tried, since it was last replayed.
    pub attempts: u32,
    /// When it is tried next, if its endpoint is on and its turn has come; none for what is over.
    pub next_attempt: Option<Timestamp>,
    /// What the last attempt was answered, if it was.
    pub last_status: Option<u16>,
    /// What was wrong with the last attempt, in a sentence.
    pub last_failure: Option<String>,
    /// How the answer to it began: at most 200 bytes on one line, in the words of whoever answers there.
    pub last_answer: Option<String>,
    /// When the last attempt began.
    pub last_attempt_at: Option<Timestamp>,
    /// When it was over.
    pub settled_at: Option<Timestamp>,
    /// When the event happened.
    pub created_at: Timestamp,
}

impl DeliveryNumber {
    /// The number.
    #[must_use]
    pub const fn value(self) -> i64 {
        self.0
    }
}

impl fmt::Display for DeliveryNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for DeliveryNumber {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

/// A delivery as the database holds it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = event_deliveries, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
pub(crate) struct Row {
    number: i64,
    endpoint_id: EndpointId,
    event_id: EventId,
    project_id: ProjectId,
    state: DeliveryState,
    attempts: i64,
    not_before_us: i64,
    last_status: Option<i64>,
    last_failure: Option<String>,
    last_answer: Option<String>,
    last_attempt_at_us: Option<i64>,
    settled_at_us: Option<i64>,
    created_at_us: i64,
}

impl Row {
    pub(crate) fn into_delivery(self, event_type: String) -> Delivery {
        let time = |us: Option<i64>| us.map(Timestamp::from_unix_us);
        // What is to be tried as soon as its turn comes has been due since it was made.
        let due_us = self.not_before_us.max(self.created_at_us);
        let waits = self.state == DeliveryState::Waiting;
        Delivery {
            number: DeliveryNumber(self.number),
            endpoint: self.endpoint_id,
            event: self.event_id,
            event_type,
            project: self.project_id,
            state: self.state,
            attempts: u32::try_from(self.attempts).unwrap_or(u32::MAX),
            next_attempt: waits.then(|| Timestamp::from_unix_us(due_us)),
            last_status: self.last_status.and_then(|status| status.try_into().ok()),
            last_failure: self.last_failure,
            last_answer: self.last_answer,
            last_attempt_at: time(self.last_attempt_at_us),
            settled_at: time(self.settled_at_us),
            created_at: Timestamp::from_unix_us(self.created_at_us),
        }
    }
}
