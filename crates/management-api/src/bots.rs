//! The calls on a project's bot.

use std::time::Duration;

use bot_connection::{BotConnections, BotView, Connected, Error, Status};
use bytes::Bytes;
use clock::Clock;
use http::{Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use http_listener::{BodyFault, read_body};
use ids::{ConnectionId, ProjectId, RequestId};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use telegram_bot_api::BotToken;
use zeroize::Zeroizing;

use crate::answer;
use crate::connecting;
use crate::error::ApiError;

#[derive(Clone)]
pub(crate) struct Bots {
    connections: BotConnections,
    clock: Clock,
}

impl Bots {
    pub(crate) fn new(connections: BotConnections, clock: Clock) -> Self {
        Self { connections, clock }
    }

    pub(crate) async fn show(&self, project: &ProjectId, id: &RequestId) -> Answer {
        let view = self.connections.view(project).await;
        let view = view.map_err(|error| connecting::explain(&error, id))?;
        Ok(answer::json(
            StatusCode::OK,
            &Shown::of(project, view.as_ref(), Vec::new()),
            id,
        ))
    }

    pub(crate) async fn put_token<B>(&self, project: &ProjectId, body: B, id: &RequestId) -> Answer
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let body = read_body(body, BODY_LIMIT_BYTES, &self.clock, BODY_DEADLINE).await;
        // The body holds a token: these bytes are wiped when they have been read.
        let body = Zeroizing::new(Vec::from(body.map_err(unreadable)?));
        let token = token_of(&body)?;
        let (connections, owner) = (self.connections.clone(), project.clone());
        let work = async move { connections.put_token(&owner, &token).await };
        self.within_two_seconds(project, work, id).await
    }

    pub(crate) async fn reconnect(&self, project: &ProjectId, id: &RequestId) -> Answer {
        let (connections, owner) = (self.connections.clone(), project.clone());
        let work = async move { connections.reconnect(&owner).await };
        self.within_two_seconds(project, work, id).await
    }

    pub(crate) async fn disconnect(&self, project: &ProjectId, id: &RequestId) -> Answer {
        let view = self.connections.disconnect(project).await;
        let view = view.map_err(|error| connecting::explain(&error, id))?;
        Ok(answer::json(
            StatusCode::OK,
            &Shown::of(project, Some(&view), Vec::new()),
            id,
        ))
    }

    /// Telegram may take its time: then the answer is 202 and the step reached, and the work goes on.
    async fn within_two_seconds<F>(&self, project: &ProjectId, work: F, id: &RequestId) -> Answer
    where
        F: Future<Output = Result<Connected, Error>> + Send + 'static,
    {
        // A task of its own, so that a caller who hangs up does not stop the work half way.
        let work = tokio::spawn(work);
        match self.clock.timeout(Duration::from_secs(2), work).await {
            Ok(Ok(Ok(done))) => {
                let warnings = done.warnings.iter().map(ToString::to_string).collect();
                Ok(answer::json(
                    StatusCode::OK,
                    &Shown::of(project, Some(&done.view), warnings),
                    id,
                ))
            }
            Ok(Ok(Err(error))) => Err(connecting::explain(&error, id)),
            Ok(Err(panicked)) => Err(ApiError::internal(&panicked, id)),
            Err(_) => {
                let view = self.connections.view(project).await;
                let view = view.map_err(|error| connecting::explain(&error, id))?;
                Ok(answer::json(
                    StatusCode::ACCEPTED,
                    &Shown::of(project, view.as_ref(), Vec::new()),
                    id,
                ))
            }
        }
    }
}

type Answer = Result<Response<Full<Bytes>>, ApiError>;

fn token_of(body: &[u8]) -> Result<BotToken, ApiError> {
    let body: PutToken = serde_json::from_slice(body).map_err(|_| {
        invalid("The body is not a JSON object with a token.")
            .field("token", "a string, as @BotFather gives it")
    })?;
    body.token
        .expose_secret()
        .parse()
        .map_err(|fault: telegram_bot_api::InvalidToken| {
            invalid("This is not a bot token.").field("token", fault.to_string())
        })
}

fn invalid(message: &str) -> ApiError {
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "VALIDATION_FAILED",
        message,
        "Send {\"token\":\"…\"} with the token that @BotFather shows for the bot.",
    )
}

fn unreadable(fault: BodyFault) -> ApiError {
    let (status, code) = match fault {
        BodyFault::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
        BodyFault::TimedOut => (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT"),
        _ => (StatusCode::BAD_REQUEST, "BODY_UNREADABLE"),
    };
    ApiError::new(
        status,
        code,
        "The request's body could not be read.",
        "Send a small JSON object, at once.",
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PutToken {
    token: secrecy::SecretString,
}

/// The platform's status shape.
#[derive(Serialize)]
struct Shown<'a> {
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    project_id: &'a ProjectId,
    connected: bool,
    bot: Option<Bot<'a>>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Bot<'a> {
    id: &'a ConnectionId,
    name: Option<&'a str>,
    url: Option<String>,
}

impl<'a> Shown<'a> {
    fn of(project_id: &'a ProjectId, view: Option<&'a BotView>, warnings: Vec<String>) -> Self {
        let data = match view {
            None => Data {
                project_id,
                connected: false,
                bot: None,
                status: "none",
                step: None,
                warnings,
            },
            Some(view) => Data {
                project_id,
                connected: view.status == Status::Active,
                bot: Some(Bot {
                    id: &view.connection,
                    name: view.username.as_deref(),
                    url: view
                        .username
                        .as_ref()
                        .map(|name| format!("https://t.me/{name}")),
                }),
                status: view.status.as_str(),
                step: view.step.as_deref(),
                warnings: view.warning.iter().cloned().chain(warnings).collect(),
            },
        };
        Self { data }
    }
}

const BODY_LIMIT_BYTES: usize = 16 * 1024;
const BODY_DEADLINE: Duration = Duration::from_secs(10);
