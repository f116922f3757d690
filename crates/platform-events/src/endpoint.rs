//! An endpoint as its owner sees it.

use clock::Timestamp;
use diesel::prelude::*;
use ids::EndpointId;
use outbound_http::Target;

use crate::error::{Error, Result};
use crate::event_type::EventTypes;
use crate::schema::event_endpoints;
use crate::state::EndpointState;

/// Where somebody wants to hear of events, as it is shown: everything but its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// The address that events are posted to. Its path may hold a secret of the owner's: do not log its `Display`.
    pub url: Target,
    /// What it is for, in its owner's words.
    pub description: String,
    /// Which events it is sent.
    pub types: EventTypes,
    /// Whether it is sent any.
    pub state: EndpointState,
    /// Since when.
    pub state_since: Timestamp,
    /// Why it was disabled, in a sentence.
    pub disabled_why: Option<String>,
    /// How many deliveries have failed since the last that did not, or since it was turned on.
    pub failures_in_a_row: u32,
    /// What went wrong last, in a sentence, and when.
    pub last_failure: Option<(Timestamp, String)>,
    /// When it last took a delivery.
    pub delivered_at: Option<Timestamp>,
    /// Until when the secret before this one signs, too.
    pub previous_secret_until: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its owner last changed it.
    pub updated_at: Timestamp,
}

/// An endpoint that is to be made.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// The address that events are posted to.
    pub url: Target,
    /// What it is for: at most 200 characters on one line.
    pub description: String,
    /// Which events it is sent.
    pub types: EventTypes,
}

/// What is to be another; what is not given stays.
#[derive(Clone, Debug, Default)]
pub struct EndpointChange {
    /// The address that events are posted to, also those that wait already.
    pub url: Option<Target>,
    /// What it is for: at most 200 characters on one line.
    pub description: Option<String>,
    /// Which events it is sent from now on.
    pub types: Option<EventTypes>,
}

/// An endpoint as the database holds it, without its secrets.
#[derive(Queryable, Selectable)]
#[diesel(table_name = event_endpoints, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
pub(crate) struct Row {
    id: EndpointId,
    url: String,
    description: String,
    event_types: String,
    state: EndpointState,
    state_since_us: i64,
    disabled_why: Option<String>,
    failures_in_a_row: i64,
    last_failure: Option<String>,
    last_failure_at_us: Option<i64>,
    delivered_at_us: Option<i64>,
    previous_until_us: Option<i64>,
    created_at_us: i64,
    updated_at_us: i64,
}

impl Row {
    pub(crate) fn into_endpoint(self, now: Timestamp) -> Result<Endpoint> {
        let time = |us: Option<i64>| us.map(Timestamp::from_unix_us);
        let url = self.url.parse().map_err(|_| Error::Damaged {
            endpoint: self.id.clone(),
            column: "url",
        })?;
        Ok(Endpoint {
            id: self.id,
            url,
            description: self.description,
            types: EventTypes::from_stored(&self.event_types),
            state: self.state,
            state_since: Timestamp::from_unix_us(self.state_since_us),
            disabled_why: self.disabled_why,
            failures_in_a_row: u32::try_from(self.failures_in_a_row).unwrap_or(u32::MAX),
            last_failure: time(self.last_failure_at_us).zip(self.last_failure),
            delivered_at: time(self.delivered_at_us),
            previous_secret_until: time(self.previous_until_us).filter(|until| *until > now),
            created_at: Timestamp::from_unix_us(self.created_at_us),
            updated_at: Timestamp::from_unix_us(self.updated_at_us),
        })
    }
}
