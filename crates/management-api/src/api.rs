use std::sync::Arc;

use bytes::Bytes;
use clock::{Clock, Entropy};
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use ids::{ProjectId, RequestId};

use crate::asked::{Answer, Asked};
use crate::auth::{self, Caller};
use crate::bots::Bots;
use crate::calls::BotCall;
use crate::diagnosis::Diagnosis;
use crate::endpoints::Endpoints;
use crate::error::ApiError;
use crate::health::{self, Readiness};
use crate::import::Import;
use crate::keys::Keys;
use crate::listing::Listing;
use crate::parts::Parts;
use crate::registrations::{Registrations, Renewals};
use crate::route::Route;
use crate::tokens::{Ability, ApiTokens};
use crate::updates::Updates;

/// The API of the private listener: `/v1`, `/livez` and `/readyz`. Cheap to clone.
#[derive(Clone)]
pub struct ManagementApi {
    bots: Bots,
    diagnosis: Diagnosis,
    endpoints: Endpoints,
    import: Import,
    keys: Keys,
    listing: Listing,
    registrations: Registrations,
    tokens: ApiTokens,
    updates: Updates,
    readiness: Arc<dyn Readiness>,
    clock: Clock,
    entropy: Entropy,
}

impl ManagementApi {
    /// The API over the parts of one server.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts {
            clock,
            connections,
            directory,
            entropy,
            events,
            health,
            keys,
            readiness,
            tokens,
            updates,
        } = parts;
        Self {
            bots: Bots::new(connections.clone(), health.clone(), clock.clone()),
            diagnosis: Diagnosis::new(connections.clone(), health.clone(), clock.clone()),
            endpoints: Endpoints::new(events, clock.clone()),
            import: Import::new(connections.clone(), clock.clone()),
            keys: Keys::new(keys, clock.clone()),
            listing: Listing::new(directory, health),
            registrations: Registrations::new(connections, Renewals::new(clock.clone())),
            tokens,
            updates,
            readiness,
            clock,
            entropy,
        }
    }

    /// Where to note how fast webhooks are registered anew, which `GET /v1/registrations` tells.
    #[must_use]
    pub fn renewals(&self) -> Renewals {
        self.registrations.renewals()
    }

    /// Answers one request. It never fails: whatever goes wrong is an answer too.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let id = RequestId::from_parts(self.clock.now().unix_ms(), self.entropy.bytes());
        match self.answer(request, &id).await {
            Ok(response) => response,
            Err(error) => error.respond(&id),
        }
    }

    async fn answer<B>(&self, request: Request<B>, id: &RequestId) -> Answer
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let route = Route::of(&head.method, head.uri.path());
        match route {
            Ok(Route::Live) => return Ok(health::live(id)),
            Ok(Route::Ready) => return Ok(health::ready(&*self.readiness, id).await),
            // Below /v1 nothing is told to whoever has no token, not even that an id is none.
            Err(fault) if !head.uri.path().starts_with("/v1/") => return Err(fault.into()),
            _ => {}
        }
        let caller = auth::caller(&head.headers, &self.tokens, id).await?;
        let asked = Asked {
            caller: &caller,
            query: head.uri.query(),
            id,
        };
        match route? {
            Route::Bot(project, call) => {
                allowed(&caller, ability(call), &project)?;
                self.bot(call, &project, body, asked).await
            }
            Route::Bots => self.listing.page(asked).await,
            Route::Import => self.import.answer(body, asked).await,
            Route::Events(call) => self.endpoints.answer(call, body, asked).await,
            Route::Keys(call) => self.keys.answer(call, asked).await,
            Route::Registrations => self.registrations.show(asked).await,
            Route::Updates(call) => {
                self.updates
                    .answer(call, head.uri.query(), &caller, id)
                    .await
            }
            Route::Live | Route::Ready => Err(ApiError::not_found()),
        }
    }

    async fn bot<B>(&self, call: BotCall, project: &ProjectId, body: B, asked: Asked<'_>) -> Answer
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let id = asked.id;
        match call {
            BotCall::Diagnose => self.diagnosis.diagnose(project, id).await,
            BotCall::Disconnect => self.bots.disconnect(project, id).await,
            BotCall::HealthChanges => self.diagnosis.changes(project, asked).await,
            BotCall::Hold => self.bots.hold(project, id).await,
            BotCall::PutToken => self.bots.put_token(project, body, id).await,
            BotCall::Reconnect => self.bots.reconnect(project, id).await,
            BotCall::Release => self.bots.release(project, id).await,
            BotCall::Show => self.bots.show(project, id).await,
        }
    }
}

const fn ability(call: BotCall) -> Ability {
    match call {
        BotCall::Diagnose | BotCall::HealthChanges | BotCall::Show => Ability::ProjectView,
        BotCall::Disconnect
        | BotCall::Hold
        | BotCall::PutToken
        | BotCall::Reconnect
        | BotCall::Release => Ability::ProjectManage,
    }
}

/// A project that the token does not cover does not exist for its bearer.
fn allowed(caller: &Caller, ability: Ability, project: &ProjectId) -> Result<(), ApiError> {
    if !caller.covers(project) {
        return Err(ApiError::not_found());
    }
    caller.may(ability)
}
