//! Why a bot is silent, asked now, and how it stood before.

use bot_connection::BotConnections;
use bot_health::verdict::{Evidence, Verdict};
use bot_health::{BotChange, BotHealth, ChangesPage, Error};
use clock::{Clock, Timestamp};
use http::StatusCode;
use ids::{ProjectId, RequestId};
use serde::Serialize;

use crate::asked::{Answer, Asked};
use crate::error::ApiError;
use crate::iso8601::Time;
use crate::query::Query;
use crate::{answer, connecting, standing};

#[derive(Clone)]
pub(crate) struct Diagnosis {
    connections: BotConnections,
    health: BotHealth,
    clock: Clock,
}

#[derive(Serialize)]
struct Shown<'a> {
    project_id: &'a ProjectId,
    code: &'static str,
    status: &'static str,
    since: Option<Time>,
    sentence: &'a str,
    fix: &'a str,
    evidence: Vec<ShownEvidence<'a>>,
    checked_at: Time,
}

#[derive(Serialize)]
struct ShownEvidence<'a> {
    what: &'a str,
    at: Option<Time>,
}

#[derive(Serialize)]
struct ShownChange<'a> {
    number: u64,
    at: Time,
    from: &'static str,
    to: &'static str,
    status: &'static str,
    sentence: &'a str,
}

impl Diagnosis {
    pub(crate) fn new(connections: BotConnections, health: BotHealth, clock: Clock) -> Self {
        Self {
            connections,
            health,
            clock,
        }
    }

    pub(crate) async fn diagnose(&self, project: &ProjectId, id: &RequestId) -> Answer {
        let verdict = self.health.diagnose(project).await;
        let verdict = verdict.map_err(|error| explain(&error, id))?;
        let shown = Shown::of(project, &verdict, self.clock.now());
        Ok(answer::data(StatusCode::OK, &shown, id))
    }

    /// The latest first; the next page begins before the last one's number, so what arrives meanwhile moves nothing.
    pub(crate) async fn changes(&self, project: &ProjectId, asked: Asked<'_>) -> Answer {
        let query = Query::read(asked.query, &["cursor", "limit"])?;
        let (before, limit) = (query.cursor()?, query.limit()?);
        let view = self.connections.view(project).await;
        let view = view.map_err(|error| connecting::explain(&error, asked.id))?;
        let Some(view) = view else {
            return Err(explain(&Error::NotFound(project.clone()), asked.id));
        };
        let page = ChangesPage { before, limit };
        let changes = self.health.changes(&view.connection, page).await;
        let changes = changes.map_err(|error| explain(&error, asked.id))?;
        let last = changes
            .last()
            .filter(|_| changes.len() >= limit as usize)
            .map(|last| last.number.to_string());
        let shown: Vec<_> = changes.iter().map(ShownChange::of).collect();
        Ok(answer::page(&shown, last, asked.id))
    }
}

impl<'a> Shown<'a> {
    fn of(project_id: &'a ProjectId, verdict: &'a Verdict, now: Timestamp) -> Self {
        let evidence = |Evidence { what, at }: &'a Evidence| ShownEvidence {
            what,
            at: at.map(Time),
        };
        Self {
            project_id,
            code: verdict.code.as_str(),
            status: standing::status(verdict.code),
            since: verdict.since.map(Time),
            sentence: &verdict.sentence,
            fix: &verdict.fix,
            evidence: verdict.evidence.iter().map(evidence).collect(),
            checked_at: Time(now),
        }
    }
}

impl<'a> ShownChange<'a> {
    fn of(change: &'a BotChange) -> Self {
        Self {
            number: change.number,
            at: Time(change.at),
            from: change.from.as_str(),
            to: change.to.as_str(),
            status: standing::status(change.to),
            sentence: &change.sentence,
        }
    }
}

pub(crate) fn explain(error: &Error, request: &RequestId) -> ApiError {
    match error {
        Error::NotFound(project) => connecting::no_bot(project),
        error => ApiError::internal(error, request),
    }
}
