//! Endpoints and deliveries as callers read them. A secret is in the answer that makes it, and in no other.

use ids::{EndpointId, EventId, ProjectId};
use platform_events::{
    Delivery, Endpoint, EventType, EventTypes, RotatedSecret, SigningSecret, Trial,
};
use serde::Serialize;

use crate::iso8601::Time;

/// An endpoint.
#[derive(Serialize)]
pub(super) struct ShownEndpoint<'a> {
    id: &'a EndpointId,
    url: String,
    description: &'a str,
    events: Vec<&'static str>,
    state: &'static str,
    state_since: Time,
    disabled_why: Option<&'a str>,
    failures_in_a_row: u32,
    last_failure: Option<Failure<'a>>,
    delivered_at: Option<Time>,
    previous_secret_until: Option<Time>,
    created_at: Time,
    updated_at: Time,
}

#[derive(Serialize)]
struct Failure<'a> {
    at: Time,
    message: &'a str,
}

/// A new endpoint, with its secret.
#[derive(Serialize)]
pub(super) struct Made<'a> {
    #[serde(flatten)]
    endpoint: ShownEndpoint<'a>,
    secret: &'a str,
}

/// A new secret.
#[derive(Serialize)]
pub(super) struct Rotated<'a> {
    id: &'a EndpointId,
    secret: &'a str,
    previous_secret_until: Time,
}

/// An endpoint that is gone.
#[derive(Serialize)]
pub(super) struct Deleted<'a> {
    id: &'a EndpointId,
    deleted: bool,
}

/// What an endpoint answered to a trial.
#[derive(Serialize)]
pub(super) struct ShownTrial<'a> {
    delivered: bool,
    status: Option<u16>,
    took_ms: u64,
    failure: Option<&'a str>,
    answer: Option<&'a str>,
}

/// An event on its way to an endpoint.
#[derive(Serialize)]
pub(super) struct ShownDelivery<'a> {
    number: i64,
    endpoint_id: &'a EndpointId,
    event_id: &'a EventId,
    event: &'a str,
    project_id: &'a ProjectId,
    state: &'static str,
    attempts: u32,
    next_attempt_at: Option<Time>,
    last_status: Option<u16>,
    last_failure: Option<&'a str>,
    last_answer: Option<&'a str>,
    last_attempt_at: Option<Time>,
    settled_at: Option<Time>,
    created_at: Time,
}

impl<'a> ShownEndpoint<'a> {
    pub(super) fn of(endpoint: &'a Endpoint) -> Self {
        let last_failure = endpoint.last_failure.as_ref();
        Self {
            id: &endpoint.id,
            url: endpoint.url.to_string(),
            description: &endpoint.description,
            events: names(&endpoint.types),
            state: endpoint.state.as_str(),
            state_since: Time(endpoint.state_since),
            disabled_why: endpoint.disabled_why.as_deref(),
            failures_in_a_row: endpoint.failures_in_a_row,
            last_failure: last_failure.map(|(at, message)| Failure {
                at: Time(*at),
                message,
            }),
            delivered_at: endpoint.delivered_at.map(Time),
            previous_secret_until: endpoint.previous_secret_until.map(Time),
            created_at: Time(endpoint.created_at),
            updated_at: Time(endpoint.updated_at),
        }
    }
}

impl<'a> Made<'a> {
    pub(super) fn of(endpoint: &'a Endpoint, secret: &'a SigningSecret) -> Self {
        Self {
            endpoint: ShownEndpoint::of(endpoint),
            secret: secret.expose(),
        }
    }
}

impl<'a> Rotated<'a> {
    pub(super) fn of(id: &'a EndpointId, rotated: &'a RotatedSecret) -> Self {
        Self {
            id,
            secret: rotated.secret.expose(),
            previous_secret_until: Time(rotated.previous_until),
        }
    }
}

impl<'a> Deleted<'a> {
    pub(super) const fn of(id: &'a EndpointId) -> Self {
        Self { id, deleted: true }
    }
}

impl<'a> ShownTrial<'a> {
    pub(super) fn of(trial: &'a Trial) -> Self {
        Self {
            delivered: trial.failure.is_none(),
            status: trial.status,
            took_ms: trial.took_ms,
            failure: trial.failure.as_deref(),
            answer: trial.answer.as_deref(),
        }
    }
}

impl<'a> ShownDelivery<'a> {
    pub(super) fn of(delivery: &'a Delivery) -> Self {
        Self {
            number: delivery.number.value(),
            endpoint_id: &delivery.endpoint,
            event_id: &delivery.event,
            event: &delivery.event_type,
            project_id: &delivery.project,
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt.map(Time),
            last_status: delivery.last_status,
            last_failure: delivery.last_failure.as_deref(),
            last_answer: delivery.last_answer.as_deref(),
            last_attempt_at: delivery.last_attempt_at.map(Time),
            settled_at: delivery.settled_at.map(Time),
            created_at: Time(delivery.created_at),
        }
    }
}

/// The events that an endpoint is sent; `*` stands for all, also those that there are not yet.
fn names(types: &EventTypes) -> Vec<&'static str> {
    match types {
        EventTypes::All => vec!["*"],
        EventTypes::Only(types) => types.iter().copied().map(EventType::as_str).collect(),
    }
}
