//! Who hears of bots, and what became of deliveries: `/v1/webhook-endpoints`, `/v1/event-deliveries`.

mod bodies;
mod explained;
mod shown;

use bytes::Bytes;
use clock::Clock;
use http::StatusCode;
use http_body::Body;
use ids::{EndpointId, RequestId};
use platform_events::{
    DeliveryFilter, DeliveryNumber, DeliveryState, Endpoint, PlatformEvents, Result,
};

use self::explained::explain;
use self::shown::{Deleted, Made, Rotated, ShownDelivery, ShownEndpoint, ShownTrial};
use crate::answer;
use crate::asked::{Answer, Asked};
use crate::body::Fields;
use crate::calls::{EndpointCall, EventsCall};
use crate::error::ApiError;
use crate::query::Query;
use crate::tokens::Ability;

#[derive(Clone)]
pub(crate) struct Endpoints {
    events: PlatformEvents,
    clock: Clock,
}

impl Endpoints {
    pub(crate) fn new(events: PlatformEvents, clock: Clock) -> Self {
        Self { events, clock }
    }

    pub(crate) async fn answer<B>(&self, call: EventsCall, body: B, asked: Asked<'_>) -> Answer
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        asked.of_whole_server(ability(&call))?;
        let query = Query::read(asked.query, known(&call))?;
        let id = asked.id;
        match call {
            EventsCall::Create => self.create(body, id).await,
            EventsCall::List => self.list(&query, id).await,
            EventsCall::One(endpoint, EndpointCall::Change) => {
                self.change(&endpoint, body, id).await
            }
            EventsCall::One(endpoint, EndpointCall::Deliveries) => {
                self.deliveries(endpoint, &query, id).await
            }
            EventsCall::One(endpoint, call) => self.one(&endpoint, call, id).await,
            EventsCall::Replay(number) => self.replay(number, id).await,
        }
    }

    async fn create<B>(&self, body: B, id: &RequestId) -> Answer
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let new = bodies::new(Fields::read(body, &self.clock).await?)?;
        let made = self.events.endpoint_create(&new).await;
        let (endpoint, secret) = made.map_err(|error| explain(&error, id))?;
        tracing::info!(endpoint = %endpoint.id, request = %id, "a webhook endpoint was made");
        let shown = Made::of(&endpoint, &secret);
        Ok(answer::data(StatusCode::CREATED, &shown, id))
    }

    async fn list(&self, query: &Query<'_>, id: &RequestId) -> Answer {
        let (after, limit) = (query.cursor::<EndpointId>()?, query.limit()?);
        let page = self.events.endpoints(after.as_ref(), limit).await;
        let page = page.map_err(|error| explain(&error, id))?;
        let last = page.last().filter(|_| page.len() >= limit as usize);
        let next = last.map(|last| last.id.to_string());
        let shown: Vec<_> = page.iter().map(ShownEndpoint::of).collect();
        Ok(answer::page(&shown, next, id))
    }

    async fn change<B>(&self, endpoint: &EndpointId, body: B, id: &RequestId) -> Answer
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let change = bodies::change(Fields::read(body, &self.clock).await?)?;
        shown(self.events.endpoint_update(endpoint, &change).await, id)
    }

    async fn one(&self, endpoint: &EndpointId, call: EndpointCall, id: &RequestId) -> Answer {
        let events = &self.events;
        match call {
            EndpointCall::Disable => shown(events.endpoint_disable(endpoint).await, id),
            EndpointCall::Enable => shown(events.endpoint_enable(endpoint).await, id),
            EndpointCall::Delete => {
                let gone = events.endpoint_delete(endpoint).await;
                gone.map_err(|error| explain(&error, id))?;
                tracing::info!(%endpoint, request = %id, "a webhook endpoint was deleted");
                let gone = Deleted::of(endpoint);
                Ok(answer::data(StatusCode::OK, &gone, id))
            }
            EndpointCall::RotateSecret => {
                let rotated = events.endpoint_rotate_secret(endpoint).await;
                let rotated = rotated.map_err(|error| explain(&error, id))?;
                tracing::info!(%endpoint, request = %id, "a webhook endpoint has a new secret");
                let shown = Rotated::of(endpoint, &rotated);
                Ok(answer::data(StatusCode::OK, &shown, id))
            }
            EndpointCall::Test => {
                let trial = events.endpoint_test(endpoint).await;
                let trial = trial.map_err(|error| explain(&error, id))?;
                let shown = ShownTrial::of(&trial);
                Ok(answer::data(StatusCode::OK, &shown, id))
            }
            EndpointCall::Show | EndpointCall::Change | EndpointCall::Deliveries => {
                let found = self.find(endpoint, id).await?;
                let shown = ShownEndpoint::of(&found);
                Ok(answer::data(StatusCode::OK, &shown, id))
            }
        }
    }

    /// The newest first; the next page begins before the last one's number, so what arrives meanwhile moves nothing.
    async fn deliveries(&self, of: EndpointId, query: &Query<'_>, id: &RequestId) -> Answer {
        let (before, limit) = (query.cursor::<DeliveryNumber>()?, query.limit()?);
        let state = query.get::<State>("state", "waiting, delivered or dead")?;
        self.find(&of, id).await?;
        let filter = DeliveryFilter {
            endpoint: Some(of),
            state: state.map(|State(state)| state),
        };
        let page = self.events.deliveries_list(&filter, before, limit).await;
        let page = page.map_err(|error| explain(&error, id))?;
        let last = page.last().filter(|_| page.len() >= limit as usize);
        let next = last.map(|last| last.number.to_string());
        let shown: Vec<_> = page.iter().map(ShownDelivery::of).collect();
        Ok(answer::page(&shown, next, id))
    }

    async fn replay(&self, number: DeliveryNumber, id: &RequestId) -> Answer {
        let delivery = self.events.delivery_replay(number).await;
        let delivery = delivery.map_err(|error| explain(&error, id))?;
        tracing::info!(%number, request = %id, "a delivery is tried again");
        let shown = ShownDelivery::of(&delivery);
        Ok(answer::data(StatusCode::OK, &shown, id))
    }

    async fn find(&self, endpoint: &EndpointId, id: &RequestId) -> Result<Endpoint, ApiError> {
        let found = self.events.endpoint(endpoint).await;
        let found = found.map_err(|error| explain(&error, id))?;
        found.ok_or_else(|| explain(&platform_events::Error::NoSuchEndpoint, id))
    }
}

fn shown(endpoint: Result<Endpoint>, id: &RequestId) -> Answer {
    let endpoint = endpoint.map_err(|error| explain(&error, id))?;
    let shown = ShownEndpoint::of(&endpoint);
    Ok(answer::data(StatusCode::OK, &shown, id))
}

const fn ability(call: &EventsCall) -> Ability {
    match call {
        EventsCall::List | EventsCall::One(_, EndpointCall::Show | EndpointCall::Deliveries) => {
            Ability::EventsView
        }
        _ => Ability::EventsManage,
    }
}

/// What the call's query may name.
const fn known(call: &EventsCall) -> &'static [&'static str] {
    match call {
        EventsCall::List => &["cursor", "limit"],
        EventsCall::One(_, EndpointCall::Deliveries) => &["state", "cursor", "limit"],
        _ => &[],
    }
}

struct State(DeliveryState);

impl std::str::FromStr for State {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        use DeliveryState::{Dead, Delivered, Waiting};
        let named = [Waiting, Delivered, Dead].into_iter();
        let mut named = named.filter(|state| state.as_str() == text);
        named.next().map(Self).ok_or(())
    }
}
