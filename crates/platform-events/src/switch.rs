//! On, off, gone.

use diesel::prelude::*;
use ids::EndpointId;
use store::Connection as Link;

use crate::endpoint::Endpoint;
use crate::endpoints::find;
use crate::error::{Error, Result};
use crate::platform_events::PlatformEvents;
use crate::schema::{event_deliveries, event_endpoints};
use crate::state::{DeliveryState, EndpointState};

impl PlatformEvents {
    /// Turns an endpoint on. Its count of failures begins anew, and what waits for it is tried at once, the oldest first.
    ///
    /// # Errors
    /// [`Error::NoSuchEndpoint`], [`Error::Damaged`], [`Error::Store`].
    pub async fn endpoint_enable(&self, id: &EndpointId) -> Result<Endpoint> {
        let inner = &*self.0;
        let _turn = inner.changing.lock().await;
        let mut link = inner.database.connect().await?;
        if find(inner, &mut link, id).await?.state != EndpointState::On {
            // Before it is on: what came meanwhile and was never tried would go first.
            bring_forward(&mut link, id).await?;
            switch(self, &mut link, id, EndpointState::On).await?;
            self.wake();
        }
        find(inner, &mut link, id).await
    }

    /// Turns an endpoint off: new events pass it by, and what waits for it goes on waiting until it is turned on. What is under
    /// way is not called back.
    ///
    /// # Errors
    /// As [`endpoint_enable`](Self::endpoint_enable).
    pub async fn endpoint_disable(&self, id: &EndpointId) -> Result<Endpoint> {
        let inner = &*self.0;
        let _turn = inner.changing.lock().await;
        let mut link = inner.database.connect().await?;
        switch(self, &mut link, id, EndpointState::Off).await?;
        find(inner, &mut link, id).await
    }

    /// Deletes an endpoint and its deliveries.
    ///
    /// # Errors
    /// [`Error::NoSuchEndpoint`], [`Error::Store`]. What was not deleted because of the latter, [`expire`](Self::expire) deletes.
    pub async fn endpoint_delete(&self, id: &EndpointId) -> Result<()> {
        let inner = &*self.0;
        let _turn = inner.changing.lock().await;
        let mut link = inner.database.connect().await?;
        let now_us = inner.clock.now().unix_us();
        let there = event_endpoints::table
            .find(id.clone())
            .filter(event_endpoints::deleted_at_us.is_null());
        let empty = (
            (
                event_endpoints::state.eq(EndpointState::Off),
                event_endpoints::state_since_us.eq(now_us),
                event_endpoints::deleted_at_us.eq(now_us),
            ),
            (
                event_endpoints::url.eq(""),
                event_endpoints::description.eq(""),
                event_endpoints::last_failure.eq(None::<String>),
            ),
            (
                event_endpoints::secret.eq(Vec::new()),
                event_endpoints::previous_secret.eq(None::<Vec<u8>>),
                event_endpoints::previous_until_us.eq(None::<i64>),
            ),
        );
        if link.run(diesel::update(there).set(empty)).await? == 0 {
            return Err(Error::NoSuchEndpoint);
        }
        delete_deliveries(&mut link, id).await?;
        Ok(())
    }
}

/// Answers whether that changed anything.
async fn switch(
    events: &PlatformEvents,
    link: &mut Link,
    id: &EndpointId,
    to: EndpointState,
) -> Result<bool> {
    let now_us = events.0.clock.now().unix_us();
    let other = event_endpoints::table
        .find(id.clone())
        .filter(event_endpoints::deleted_at_us.is_null())
        .filter(event_endpoints::state.ne(to));
    let columns = (
        event_endpoints::state.eq(to),
        event_endpoints::state_since_us.eq(now_us),
        event_endpoints::disabled_why.eq(None::<String>),
        event_endpoints::failures_in_a_row.eq(0),
        event_endpoints::updated_at_us.eq(now_us),
    );
    Ok(link.run(diesel::update(other).set(columns)).await? == 1)
}

/// Has what waits for a later attempt tried as soon as its turn comes. Each is brought forward once: one that fails again meanwhile
/// waits as it should.
async fn bring_forward(link: &mut Link, id: &EndpointId) -> store::Result<()> {
    let mut after = 0;
    loop {
        let later = event_deliveries::table
            .filter(event_deliveries::endpoint_id.eq(id.clone()))
            .filter(event_deliveries::state.eq(DeliveryState::Waiting))
            .filter(event_deliveries::not_before_us.gt(0))
            .filter(event_deliveries::number.gt(after))
            .order(event_deliveries::number)
            .limit(AT_ONCE)
            .select(event_deliveries::number);
        let later: Vec<i64> = link.fetch(later).await?;
        let Some(last) = later.last() else {
            return Ok(());
        };
        after = *last;
        let later = event_deliveries::table
            .filter(event_deliveries::number.eq_any(later))
            .filter(event_deliveries::state.eq(DeliveryState::Waiting));
        let now = event_deliveries::not_before_us.eq(0);
        link.run(diesel::update(later).set(now)).await?;
    }
}

/// Deletes all deliveries to an endpoint, some in a commit; answers how many there were.
pub(crate) async fn delete_deliveries(link: &mut Link, id: &EndpointId) -> store::Result<usize> {
    let mut gone = 0;
    loop {
        let some = event_deliveries::table
            .filter(event_deliveries::endpoint_id.eq(id.clone()))
            .order(event_deliveries::number)
            .limit(AT_ONCE)
            .select(event_deliveries::number);
        let some: Vec<i64> = link.fetch(some).await?;
        if some.is_empty() {
            return Ok(gone);
        }
        let some = event_deliveries::table.filter(event_deliveries::number.eq_any(some));
        gone += link.run(diesel::delete(some)).await?;
    }
}

/// Rows that are changed in one commit, so that others who write wait no longer than for any other.
pub(crate) const AT_ONCE: i64 = 500;
