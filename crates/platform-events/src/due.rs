//! What is to be delivered next.

use clock::Timestamp;
use diesel::prelude::*;
use ids::{EndpointId, EventId, ProjectId};
use store::{Columns as _, Connection as Link};

use crate::schema::{event_deliveries, event_endpoints, platform_events};
use crate::send::Message;
use crate::state::{DeliveryState, EndpointState};

/// A delivery that waits.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = event_deliveries, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
pub(crate) struct Due {
    pub(crate) number: i64,
    pub(crate) endpoint_id: EndpointId,
    pub(crate) event_id: EventId,
    pub(crate) project_id: ProjectId,
    pub(crate) attempts: i64,
    not_before_us: i64,
}

impl Due {
    /// From when on it may be tried.
    pub(crate) fn not_before(&self) -> Timestamp {
        Timestamp::from_unix_us(self.not_before_us)
    }

    /// The event of it, if it is still there.
    pub(crate) async fn message(&self, link: &mut Link) -> store::Result<Option<Message>> {
        let event = platform_events::table
            .find(self.event_id.clone())
            .select((platform_events::kind, platform_events::body));
        let event: Option<(String, Vec<u8>)> = link.fetch_optional(event).await?;
        Ok(event.map(|(kind, body)| Message {
            id: self.event_id.clone(),
            kind,
            body: body.into(),
        }))
    }
}

/// The endpoints that are on.
pub(crate) async fn endpoints_on(link: &mut Link) -> store::Result<Vec<EndpointId>> {
    let on = event_endpoints::table
        .filter(event_endpoints::state.eq(EndpointState::On))
        .order(event_endpoints::id)
        .select(event_endpoints::id);
    link.fetch(on).await
}

/// The first that waits for an endpoint, of other projects than these: those that were never tried, in the order of their events, then
/// the others as their time comes.
pub(crate) async fn first(
    link: &mut Link,
    endpoint: &EndpointId,
    except: Vec<ProjectId>,
) -> store::Result<Option<Due>> {
    let first = event_deliveries::table
        .filter(event_deliveries::endpoint_id.eq(endpoint.clone()))
        .filter(event_deliveries::state.eq(DeliveryState::Waiting))
        .filter(event_deliveries::project_id.ne_all(except))
        .order((event_deliveries::not_before_us, event_deliveries::number))
        .limit(1)
        .select(Due::columns());
    link.fetch_optional(first).await
}
