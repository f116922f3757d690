use std::sync::Arc;

use bytes::Bytes;
use clock::{Clock, Entropy};
use http::{Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::Full;
use ids::{ProjectId, RequestId};

use crate::auth::{self, Caller};
use crate::bots::Bots;
use crate::error::ApiError;
use crate::health::{self, Readiness};
use crate::parts::Parts;
use crate::route::{NoRoute, Route};
use crate::tokens::{Ability, ApiTokens};
use crate::updates::Updates;

/// The API of the private listener: `/v1`, `/livez` and `/readyz`. Cheap to clone.
#[derive(Clone)]
pub struct ManagementApi {
    bots: Bots,
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
        Self {
            bots: Bots::new(parts.connections, parts.clock.clone()),
            tokens: parts.tokens,
            updates: parts.updates,
            readiness: parts.readiness,
            clock: parts.clock,
            entropy: parts.entropy,
        }
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

    async fn answer<B>(
        &self,
        request: Request<B>,
        id: &RequestId,
    ) -> Result<Response<Full<Bytes>>, ApiError>
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
            Err(fault) if !head.uri.path().starts_with("/v1/") => return Err(no_route(fault)),
            _ => {}
        }
        let caller = auth::caller(&head.headers, &self.tokens, id).await?;
        let route = route.map_err(no_route)?;
        match route {
            Route::Show(project) => {
                let project = allowed(&caller, Ability::ProjectView, project)?;
                self.bots.show(&project, id).await
            }
            Route::PutToken(project) => {
                let project = allowed(&caller, Ability::ProjectManage, project)?;
                self.bots.put_token(&project, body, id).await
            }
            Route::Disconnect(project) => {
                let project = allowed(&caller, Ability::ProjectManage, project)?;
                self.bots.disconnect(&project, id).await
            }
            Route::Reconnect(project) => {
                let project = allowed(&caller, Ability::ProjectManage, project)?;
                self.bots.reconnect(&project, id).await
            }
            Route::Hold(project) => {
                let project = allowed(&caller, Ability::ProjectManage, project)?;
                self.bots.hold(&project, id).await
            }
            Route::Release(project) => {
                let project = allowed(&caller, Ability::ProjectManage, project)?;
                self.bots.release(&project, id).await
            }
            Route::Updates(call) => {
                let query = head.uri.query();
                self.updates.answer(call, query, &caller, id).await
            }
            Route::Live | Route::Ready => Err(ApiError::not_found()),
        }
    }
}

/// A project that the token does not cover does not exist for its bearer.
fn allowed(caller: &Caller, ability: Ability, project: ProjectId) -> Result<ProjectId, ApiError> {
    if !caller.covers(&project) {
        return Err(ApiError::not_found());
    }
    caller.may(ability)?;
    Ok(project)
}

fn no_route(fault: NoRoute) -> ApiError {
    match fault {
        NoRoute::Path => ApiError::not_found(),
        NoRoute::Project => ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "VALIDATION_FAILED",
            "The project's id in the path is not one.",
            "Give the id as the platform writes it.",
        )
        .field("project", "prj_ and 1 to 64 characters of 0-9A-Za-z"),
        NoRoute::Method(allow) => {
            let mut error = ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "METHOD_NOT_ALLOWED",
                format!("This path takes {allow}."),
                "Use one of these methods.",
            );
            error
                .headers
                .push((header::ALLOW, header::HeaderValue::from_static(allow)));
            error
        }
    }
}
