//! What is deleted because its time is over.

use std::time::Duration;

use clock::Timestamp;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use ids::{EndpointId, EventId};
use store::Connection as Link;

use crate::error::Result;
use crate::platform_events::{Inner, PlatformEvents};
use crate::schema::{event_deliveries, event_endpoints, platform_events};
use crate::state::{DeliveryState, EndpointState};
use crate::switch::{AT_ONCE, delete_deliveries};

/// What one call of [`PlatformEvents::expire`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Deliveries that were taken, and are deleted.
    pub delivered: usize,
    /// Dead deliveries that nobody replayed, and are deleted.
    pub dead: usize,
    /// Deliveries that waited too long for their endpoint to be turned on, and are dead now.
    pub given_up: usize,
    /// Events that nothing refers to, and are deleted.
    pub events: usize,
}

impl PlatformEvents {
    /// Deletes what its time is over for: deliveries that were taken, dead ones, events that nobody wanted, secrets that sign no
    /// more, and what is left of deleted endpoints. What has waited as long as dead ones are kept, because its endpoint is off, is
    /// dead from then on. To be called now and then; it goes on for as many commits as it takes, each of about 500 rows.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store). What was done stays done.
    pub async fn expire(&self) -> Result<Expired> {
        let inner = &*self.0;
        let (now, config) = (inner.clock.now(), &inner.config);
        let (taken_us, dead_us) = (
            (now - config.keep_delivered).unix_us(),
            (now - config.keep_dead).unix_us(),
        );
        let mut link = inner.database.connect().await?;
        forget_secrets(&mut link, now.unix_us()).await?;
        remove_endpoints(&mut link, (now - LINGER).unix_us()).await?;
        let delivered = delete(&mut link, DeliveryState::Delivered, taken_us).await?;
        let dead = delete(&mut link, DeliveryState::Dead, dead_us).await?;
        let given_up = give_up(inner, &mut link, dead_us).await?;
        let events = delete_events(&mut link, now - config.keep_delivered).await?;
        Ok(Expired {
            delivered,
            dead,
            given_up,
            events,
        })
    }
}

async fn forget_secrets(link: &mut Link, now_us: i64) -> store::Result<()> {
    let over = event_endpoints::table.filter(event_endpoints::previous_until_us.le(now_us));
    let none = (
        event_endpoints::previous_secret.eq(None::<Vec<u8>>),
        event_endpoints::previous_key_id.eq(None::<i64>),
        event_endpoints::previous_until_us.eq(None::<i64>),
    );
    link.run(diesel::update(over).set(none)).await.map(drop)
}

/// Ends deletions of endpoints that were begun, and removes the rows of those whose deliveries nobody can be writing any more.
async fn remove_endpoints(link: &mut Link, before_us: i64) -> store::Result<()> {
    let deleted = event_endpoints::table
        .filter(event_endpoints::deleted_at_us.is_not_null())
        .select(event_endpoints::id);
    let deleted: Vec<EndpointId> = link.fetch(deleted).await?;
    for id in &deleted {
        delete_deliveries(link, id).await?;
    }
    let old = event_endpoints::table.filter(event_endpoints::deleted_at_us.lt(before_us));
    link.run(diesel::delete(old)).await.map(drop)
}

async fn delete(link: &mut Link, state: DeliveryState, before_us: i64) -> store::Result<usize> {
    let mut gone = 0;
    loop {
        let some = event_deliveries::table
            .filter(event_deliveries::state.eq(state))
            .filter(event_deliveries::settled_at_us.lt(before_us))
            .order(event_deliveries::settled_at_us)
            .limit(AT_ONCE)
            .select(event_deliveries::number);
        let some: Vec<i64> = link.fetch(some).await?;
        if some.is_empty() {
            return Ok(gone);
        }
        // A dead one may have been replayed since it was read.
        let some = event_deliveries::table
            .filter(event_deliveries::number.eq_any(some))
            .filter(event_deliveries::state.eq(state));
        gone += link.run(diesel::delete(some)).await?;
    }
}

/// Gives up what waits for endpoints that have been off since before.
async fn give_up(inner: &Inner, link: &mut Link, before_us: i64) -> store::Result<usize> {
    let off = event_endpoints::table
        .filter(event_endpoints::state.ne(EndpointState::On))
        .filter(event_endpoints::state_since_us.lt(before_us))
        .select(event_endpoints::id);
    let off: Vec<EndpointId> = link.fetch(off).await?;
    let mut all = 0;
    for endpoint in &off {
        let given_up = give_up_to(inner, link, endpoint).await?;
        if given_up > 0 {
            inner.counters.dead(given_up as u64);
            tracing::warn!(%endpoint, given_up, "deliveries waited too long for an endpoint that is off, and are given up");
        }
        all += given_up;
    }
    Ok(all)
}

async fn give_up_to(inner: &Inner, link: &mut Link, endpoint: &EndpointId) -> store::Result<usize> {
    let mut given_up = 0;
    loop {
        let some = event_deliveries::table
            .filter(event_deliveries::endpoint_id.eq(endpoint.clone()))
            .filter(event_deliveries::state.eq(DeliveryState::Waiting))
            .limit(AT_ONCE)
            .select(event_deliveries::number);
        let some: Vec<i64> = link.fetch(some).await?;
        if some.is_empty() {
            return Ok(given_up);
        }
        let some = event_deliveries::table
            .filter(event_deliveries::number.eq_any(some))
            .filter(event_deliveries::state.eq(DeliveryState::Waiting));
        let dead = (
            event_deliveries::state.eq(DeliveryState::Dead),
            event_deliveries::settled_at_us.eq(inner.clock.now().unix_us()),
            event_deliveries::last_failure
                .eq("it waited too long for its endpoint to be turned on"),
        );
        given_up += link.run(diesel::update(some).set(dead)).await?;
    }
}

/// Deletes the events of before to which no delivery refers. An event's id says when it happened.
async fn delete_events(link: &mut Link, before: Timestamp) -> store::Result<usize> {
    let before = EventId::from_parts(before.unix_ms(), [0; 10]);
    let (mut gone, mut after) = (0, String::new());
    loop {
        let some = platform_events::table
            .filter(platform_events::id.gt(after))
            .filter(platform_events::id.lt(before.clone()))
            .order(platform_events::id)
            .limit(AT_ONCE)
            .select(platform_events::id);
        let some: Vec<EventId> = link.fetch(some).await?;
        let Some(last) = some.last() else {
            return Ok(gone);
        };
        after = last.as_str().to_owned();
        let wanted =
            event_deliveries::table.filter(event_deliveries::event_id.eq(platform_events::id));
        let unwanted = platform_events::table
            .filter(platform_events::id.eq_any(some))
            .filter(not(exists(wanted)));
        gone += link.run(diesel::delete(unwanted)).await?;
    }
}

/// How long a deleted endpoint's row stays: no transaction that began before is still open then.
const LINGER: Duration = Duration::from_secs(3_600);
