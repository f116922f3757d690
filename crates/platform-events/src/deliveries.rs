//! What an owner sees of deliveries and does with them.

use diesel::prelude::*;
use ids::EndpointId;
use store::{Columns as _, Connection as Link};

use crate::delivery::{Delivery, DeliveryNumber, Row};
use crate::error::{Error, Result};
use crate::platform_events::PlatformEvents;
use crate::schema::{event_deliveries, platform_events};
use crate::state::DeliveryState;

/// Which deliveries are asked for; by default all.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// Those to one endpoint.
    pub endpoint: Option<EndpointId>,
    /// Those in one state.
    pub state: Option<DeliveryState>,
}

impl PlatformEvents {
    /// A page of deliveries, the newest first: at most `limit` of those before `before`, fewer only when there are no more. The last
    /// one's number is where the next page begins.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn deliveries_list(
        &self,
        filter: &DeliveryFilter,
        before: Option<DeliveryNumber>,
        limit: u32,
    ) -> Result<Vec<Delivery>> {
        let before = before.map_or(i64::MAX, DeliveryNumber::value);
        let mut link = self.0.database.connect().await?;
        let rows = page(&mut link, filter.clone(), before, i64::from(limit)).await?;
        let read = |(row, kind): (Row, String)| row.into_delivery(kind);
        Ok(rows.into_iter().map(read).collect())
    }

    /// Has a dead delivery tried again, as if it were new.
    ///
    /// # Errors
    /// [`Error::NoSuchDelivery`], [`Error::NotDead`], [`Error::Store`].
    pub async fn delivery_replay(&self, number: DeliveryNumber) -> Result<Delivery> {
        let mut link = self.0.database.connect().await?;
        let dead = event_deliveries::table
            .find(number.value())
            .filter(event_deliveries::state.eq(DeliveryState::Dead));
        let anew = (
            event_deliveries::state.eq(DeliveryState::Waiting),
            event_deliveries::attempts.eq(0),
            event_deliveries::not_before_us.eq(0),
            event_deliveries::settled_at_us.eq(None::<i64>),
        );
        let replayed = link.run(diesel::update(dead).set(anew)).await? == 1;
        let delivery = find(&mut link, number).await?;
        if !replayed {
            return Err(Error::NotDead);
        }
        self.wake();
        Ok(delivery)
    }
}

async fn page(
    link: &mut Link,
    filter: DeliveryFilter,
    before: i64,
    limit: i64,
) -> store::Result<Vec<(Row, String)>> {
    let newest = event_deliveries::table
        .inner_join(platform_events::table)
        .filter(event_deliveries::number.lt(before))
        .order(event_deliveries::number.desc())
        .limit(limit)
        .select((Row::columns(), platform_events::kind));
    match (filter.endpoint, filter.state) {
        (None, None) => link.fetch(newest).await,
        (Some(endpoint), None) => {
            let some = newest.filter(event_deliveries::endpoint_id.eq(endpoint));
            link.fetch(some).await
        }
        (None, Some(state)) => {
            let some = newest.filter(event_deliveries::state.eq(state));
            link.fetch(some).await
        }
        (Some(endpoint), Some(state)) => {
            let some = newest
                .filter(event_deliveries::endpoint_id.eq(endpoint))
                .filter(event_deliveries::state.eq(state));
            link.fetch(some).await
        }
    }
}

async fn find(link: &mut Link, number: DeliveryNumber) -> Result<Delivery> {
    let one = event_deliveries::table
        .inner_join(platform_events::table)
        .filter(event_deliveries::number.eq(number.value()))
        .select((Row::columns(), platform_events::kind));
    let one: Option<(Row, String)> = link.fetch_optional(one).await?;
    let (row, kind) = one.ok_or(Error::NoSuchDelivery)?;
    Ok(row.into_delivery(kind))
}
