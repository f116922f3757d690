//! The calls on a project's bot.

use std::time::Duration;

use bot_connection::{BotConnections, Connected, Error};
use bot_health::BotHealth;
use bytes::Bytes;
use clock::Clock;
use http::StatusCode;
use http_body::Body;
use ids::{ProjectId, RequestId};
use telegram_bot_api::TokenWarning;
use tokio::task::{JoinError, JoinHandle};

use crate::asked::Answer;
use crate::error::ApiError;
use crate::late::{Late, LateOnes};
use crate::shown::Shown;
use crate::standing::Health;
use crate::{answer, connecting, diagnosis, pasted};

#[derive(Clone)]
pub(crate) struct Bots {
    connections: BotConnections,
    health: BotHealth,
    clock: Clock,
    late: LateOnes,
}

/// A change of a project's bot that was asked for.
struct Change<'a> {
    project: &'a ProjectId,
    request: &'a RequestId,
    /// What looks odd about the token that was pasted.
    odd: Option<TokenWarning>,
}

type Outcome = Result<Result<Connected, Error>, JoinError>;

impl Bots {
    pub(crate) fn new(connections: BotConnections, health: BotHealth, clock: Clock) -> Self {
        Self {
            connections,
            health,
            clock,
            late: LateOnes::default(),
        }
    }

    pub(crate) async fn show(&self, project: &ProjectId, id: &RequestId) -> Answer {
        let view = self.connections.view(project).await;
        let view = view.map_err(|error| connecting::explain(&error, id))?;
        let standing = match &view {
            Some(view) => self.health.standing(&view.connection).await,
            None => Ok(None),
        };
        let standing = standing.map_err(|error| diagnosis::explain(&error, id))?;
        let late = self.late.of(project);
        let held = view
            .as_ref()
            .is_some_and(|view| self.connections.is_held(&view.connection));
        let health = view.as_ref().map(|view| view.status);
        let shown = Shown::of(project, view.as_ref())
            .standing(health.map(|status| Health::of(status, standing.as_ref())))
            .after(late.as_ref())
            .held(held);
        Ok(answer::json(StatusCode::OK, &shown, id))
    }

    pub(crate) async fn put_token<B>(&self, project: &ProjectId, body: B, id: &RequestId) -> Answer
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let token = pasted::token(body, &self.clock).await?;
        let odd = token.warning();
        let (connections, owner) = (self.connections.clone(), project.clone());
        let work = async move { connections.put_token(&owner, &token).await };
        self.within_two_seconds(
            Change {
                project,
                request: id,
                odd,
            },
            work,
        )
        .await
    }

    pub(crate) async fn reconnect(&self, project: &ProjectId, id: &RequestId) -> Answer {
        let (connections, owner) = (self.connections.clone(), project.clone());
        let work = async move { connections.reconnect(&owner).await };
        self.within_two_seconds(
            Change {
                project,
                request: id,
                odd: None,
            },
            work,
        )
        .await
    }

    pub(crate) async fn disconnect(&self, project: &ProjectId, id: &RequestId) -> Answer {
        // First, since a caller who hangs up stops what follows here, but not the disconnect.
        self.late.forget(project);
        let view = self.connections.disconnect(project).await;
        let view = view.map_err(|error| connecting::explain(&error, id))?;
        Ok(answer::json(
            StatusCode::OK,
            &Shown::of(project, Some(&view)),
            id,
        ))
    }

    pub(crate) async fn hold(&self, project: &ProjectId, id: &RequestId) -> Answer {
        let view = self.connections.hold(project).await;
        let view = view.map_err(|error| connecting::explain(&error, id))?;
        let shown = Shown::of(project, Some(&view)).held(true);
        Ok(answer::json(StatusCode::OK, &shown, id))
    }

    pub(crate) async fn release(&self, project: &ProjectId, id: &RequestId) -> Answer {
        let view = self.connections.release(project).await;
        let view = view.map_err(|error| connecting::explain(&error, id))?;
        Ok(answer::json(
            StatusCode::OK,
            &Shown::of(project, Some(&view)),
            id,
        ))
    }

    /// Telegram may take its time: then the answer is 202 and the step reached, and the work goes on.
    async fn within_two_seconds<F>(&self, change: Change<'_>, work: F) -> Answer
    where
        F: Future<Output = Result<Connected, Error>> + Send + 'static,
    {
        // A task of its own: what becomes of it is learned after the caller has been told 202.
        let mut work = tokio::spawn(work);
        let in_time = self.clock.timeout(PATIENCE, &mut work).await;
        if let Ok(outcome) = in_time {
            return self.ended(&change, outcome).await;
        }
        let view = self.connections.view(change.project).await;
        let view = view.map_err(|error| connecting::explain(&error, change.request))?;
        if work.is_finished() {
            return self.ended(&change, work.await).await;
        }
        self.late.forget(change.project);
        self.follow(&change, work);
        let shown = Shown::of(change.project, view.as_ref()).under_way();
        Ok(answer::json(StatusCode::ACCEPTED, &shown, change.request))
    }

    async fn ended(&self, change: &Change<'_>, outcome: Outcome) -> Answer {
        self.late.forget(change.project);
        if let Ok(Err(Error::TokenNotAcceptedYet)) = outcome {
            return self.kept(change).await;
        }
        let done = change.read(outcome)?;
        let warnings = texts(&done);
        let shown = Shown::of(change.project, Some(&done.view)).warned(&warnings);
        Ok(answer::json(StatusCode::OK, &shown, change.request))
    }

    /// A fresh token that Telegram refuses for a while is kept and tried again: nobody has to do anything, so this is no failure. The
    /// record says so in a sentence.
    async fn kept(&self, change: &Change<'_>) -> Answer {
        let view = self.connections.view(change.project).await;
        let view = view.map_err(|error| connecting::explain(&error, change.request))?;
        let shown = Shown::of(change.project, view.as_ref()).under_way();
        Ok(answer::json(StatusCode::ACCEPTED, &shown, change.request))
    }

    /// Keeps what becomes of the work for whoever asks later, unless the bot's record tells it.
    fn follow(&self, change: &Change<'_>, work: JoinHandle<Result<Connected, Error>>) {
        let this = self.clone();
        let (project, request, odd) = (change.project.clone(), change.request.clone(), change.odd);
        tokio::spawn(async move {
            let change = Change {
                project: &project,
                request: &request,
                odd,
            };
            let late = match change.read(work.await) {
                Ok(done) => Late::Done {
                    warnings: texts(&done),
                },
                Err(error) => Late::from(error),
            };
            let told = match &late {
                Late::Done { warnings } => warnings.is_empty(),
                Late::Failed { .. } => this.record_tells(&project).await,
            };
            if !told {
                this.late.keep(project, late);
            }
        });
    }

    async fn record_tells(&self, project: &ProjectId) -> bool {
        let view = self.connections.view(project).await.ok().flatten();
        view.is_some_and(|view| view.warning.is_some())
    }
}

impl Change<'_> {
    fn read(&self, outcome: Outcome) -> Result<Connected, ApiError> {
        let done = outcome.map_err(|panicked| ApiError::internal(&panicked, self.request))?;
        done.map_err(|error| match (&error, self.odd) {
            (Error::TokenNotValid, Some(odd)) => {
                connecting::explain(&error, self.request).field("token", odd.to_string())
            }
            _ => connecting::explain(&error, self.request),
        })
    }
}

fn texts(done: &Connected) -> Vec<String> {
    done.warnings.iter().map(ToString::to_string).collect()
}

/// How long a caller waits for Telegram.
const PATIENCE: Duration = Duration::from_secs(2);
