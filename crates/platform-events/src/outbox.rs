//! How an event is written down.

use clock::Timestamp;
use diesel::prelude::*;
use ids::{EndpointId, EventId, ProjectId};
use store::Connection as Link;

use crate::event::NewEvent;
use crate::event_type::EventTypes;
use crate::schema::{event_deliveries, event_endpoints, platform_events};
use crate::state::{DeliveryState, EndpointState};

/// Writes an event, and a delivery for each endpoint that wants it and that its owner has not turned off: what an endpoint that was disabled
/// misses waits for it.
pub(crate) async fn write(
    link: &mut Link,
    event: &NewEvent,
    id: EventId,
    body: Vec<u8>,
    now: Timestamp,
) -> store::Result<()> {
    let kind = event.what.event_type();
    let columns = (
        platform_events::id.eq(id.clone()),
        platform_events::kind.eq(kind.as_str()),
        platform_events::project_id.eq(event.project.clone()),
        platform_events::body.eq(body),
        platform_events::created_at_us.eq(now.unix_us()),
    );
    let insert = diesel::insert_into(platform_events::table).values(columns);
    store::ensure_touched(link.run(insert).await?, 1)?;
    let on = event_endpoints::table
        .filter(event_endpoints::state.ne(EndpointState::Off))
        .filter(event_endpoints::deleted_at_us.is_null())
        .order(event_endpoints::id)
        .select((event_endpoints::id, event_endpoints::event_types));
    let on: Vec<(EndpointId, String)> = link.fetch(on).await?;
    let deliveries: Vec<_> = on
        .into_iter()
        .filter(|(_, types)| EventTypes::from_stored(types).contains(kind))
        .map(|(endpoint, _)| NewDelivery::of(endpoint, id.clone(), event.project.clone(), now))
        .collect();
    let count = deliveries.len();
    if count > 0 {
        let insert = diesel::insert_into(event_deliveries::table).values(deliveries);
        store::ensure_touched(link.run_batch(insert).await?, count)?;
    }
    Ok(())
}

/// A delivery that nobody has tried yet. Its number is the database's to give: deliveries are started in that order.
#[derive(Insertable)]
#[diesel(table_name = event_deliveries)]
struct NewDelivery {
    endpoint_id: EndpointId,
    event_id: EventId,
    project_id: ProjectId,
    state: DeliveryState,
    attempts: i64,
    not_before_us: i64,
    created_at_us: i64,
}

impl NewDelivery {
    fn of(endpoint: EndpointId, event: EventId, project: ProjectId, now: Timestamp) -> Self {
        Self {
            endpoint_id: endpoint,
            event_id: event,
            project_id: project,
            state: DeliveryState::Waiting,
            attempts: 0,
            not_before_us: 0,
            created_at_us: now.unix_us(),
        }
    }
}
