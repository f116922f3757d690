//! What an attempt leaves in the database.

use clock::Timestamp;
use diesel::prelude::*;
use store::Connection as Link;

use crate::due::Due;
use crate::schema::{event_deliveries, event_endpoints};
use crate::send::Outcome;
use crate::state::{DeliveryState, EndpointState};

/// What becomes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Delivered,
    Dead,
    /// It is tried again, not before this time.
    Again(Timestamp),
}

/// What was written.
pub(crate) struct Settled {
    /// The delivery was still there.
    pub(crate) written: bool,
    /// This failure was the one too many.
    pub(crate) disabled: bool,
}

/// Writes down an attempt and what follows from it, in one transaction.
pub(crate) async fn settle(
    link: &mut Link,
    due: &Due,
    outcome: &Outcome,
    fate: Fate,
    now: Timestamp,
) -> store::Result<Settled> {
    link.transaction(async |link| {
        let written = write_delivery(link, due, outcome, fate, now).await?;
        let disabled = match &outcome.failure {
            _ if !written => false,
            None => taken(link, due, now).await.map(|()| false)?,
            Some(why) => failed(link, due, why, now).await?,
        };
        Ok(Settled { written, disabled })
    })
    .await
}

async fn write_delivery(
    link: &mut Link,
    due: &Due,
    outcome: &Outcome,
    fate: Fate,
    now: Timestamp,
) -> store::Result<bool> {
    let (state, not_before_us) = match fate {
        Fate::Delivered => (DeliveryState::Delivered, 0),
        Fate::Dead => (DeliveryState::Dead, 0),
        Fate::Again(time) => (DeliveryState::Waiting, time.unix_us()),
    };
    let settled_at_us = (state != DeliveryState::Waiting).then(|| now.unix_us());
    let columns = (
        (
            event_deliveries::state.eq(state),
            event_deliveries::attempts.eq(event_deliveries::attempts + 1),
            event_deliveries::not_before_us.eq(not_before_us),
            event_deliveries::settled_at_us.eq(settled_at_us),
        ),
        (
            event_deliveries::last_status.eq(outcome.status.map(i64::from)),
            event_deliveries::last_failure.eq(outcome.failure.clone()),
            event_deliveries::last_answer.eq(outcome.answer.clone()),
            event_deliveries::last_attempt_at_us.eq(outcome.at.unix_us()),
        ),
    );
    let waiting = event_deliveries::table
        .find(due.number)
        .filter(event_deliveries::state.eq(DeliveryState::Waiting));
    Ok(link.run(diesel::update(waiting).set(columns)).await? == 1)
}

async fn taken(link: &mut Link, due: &Due, now: Timestamp) -> store::Result<()> {
    // One that was turned off keeps its count, as the reason for it.
    let columns = (
        event_endpoints::failures_in_a_row.eq(0),
        event_endpoints::delivered_at_us.eq(now.unix_us()),
    );
    let on = event_endpoints::table
        .find(due.endpoint_id.clone())
        .filter(event_endpoints::state.eq(EndpointState::On));
    link.run(diesel::update(on).set(columns)).await.map(drop)
}

/// Counts a failure; answers whether the endpoint is disabled for it.
async fn failed(link: &mut Link, due: &Due, why: &str, now: Timestamp) -> store::Result<bool> {
    let on = event_endpoints::table
        .find(due.endpoint_id.clone())
        .filter(event_endpoints::state.eq(EndpointState::On));
    let counted = (
        event_endpoints::failures_in_a_row.eq(event_endpoints::failures_in_a_row + 1),
        event_endpoints::last_failure.eq(why.to_owned()),
        event_endpoints::last_failure_at_us.eq(now.unix_us()),
    );
    link.run(diesel::update(on.clone()).set(counted)).await?;
    let too_many = on.filter(event_endpoints::failures_in_a_row.ge(TOO_MANY));
    let disabled = (
        event_endpoints::state.eq(EndpointState::Disabled),
        event_endpoints::state_since_us.eq(now.unix_us()),
        event_endpoints::disabled_why.eq(format!("{TOO_MANY} deliveries in a row failed")),
    );
    Ok(link.run(diesel::update(too_many).set(disabled)).await? == 1)
}

/// Failures in a row for which an endpoint is disabled, as published.
const TOO_MANY: i64 = 20;
