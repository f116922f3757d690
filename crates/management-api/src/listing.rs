//! All bots, a page at a time, each with how it stands. A page is two questions to the database, however long it is.

use std::collections::HashMap;

use bot_health::verdict::VerdictCode;
use bot_health::{BotHealth, BotStanding, StandingsPage};
use connection_directory::{Connection, Directory, Status};
use ids::{ConnectionId, ProjectId, RequestId};
use serde::Serialize;

use crate::asked::{Answer, Asked};
use crate::error::ApiError;
use crate::query::Query;
use crate::standing::Health;
use crate::tokens::Ability;
use crate::{answer, diagnosis};

#[derive(Clone)]
pub(crate) struct Listing {
    directory: Directory,
    health: BotHealth,
}

/// One bot.
#[derive(Serialize)]
struct Shown<'a> {
    project_id: &'a ProjectId,
    connected: bool,
    bot: Bot<'a>,
    status: &'static str,
    health: Health<'a>,
}

#[derive(Serialize)]
struct Bot<'a> {
    id: &'a ConnectionId,
    name: Option<&'a str>,
    url: Option<String>,
}

/// What is asked for.
struct Wanted {
    health: Option<Vec<VerdictCode>>,
    status: Option<Status>,
    after: Option<ConnectionId>,
    limit: u32,
}

/// Records with their standings, and where the next page begins.
struct Page {
    bots: Vec<(Connection, Option<BotStanding>)>,
    next: Option<ConnectionId>,
}

impl Listing {
    pub(crate) fn new(directory: Directory, health: BotHealth) -> Self {
        Self { directory, health }
    }

    pub(crate) async fn page(&self, asked: Asked<'_>) -> Answer {
        let wanted = Wanted::read(asked.query)?;
        asked.caller.may(Ability::ProjectViewAny)?;
        let page = match (asked.caller.project(), &wanted.health) {
            (Some(project), _) => self.of_project(project, &wanted, asked.id).await?,
            (None, Some(codes)) => self.by_health(codes, &wanted, asked.id).await?,
            (None, None) => self.by_record(&wanted, asked.id).await?,
        };
        let bots = page.bots.iter();
        let shown: Vec<_> = bots
            .map(|(record, standing)| Shown::of(record, standing.as_ref()))
            .collect();
        let next = page.next.map(|next| next.to_string());
        Ok(answer::page(&shown, next, asked.id))
    }

    /// The one bot of the token's one project, if it is as wanted.
    async fn of_project(
        &self,
        project: &ProjectId,
        wanted: &Wanted,
        id: &RequestId,
    ) -> Result<Page, ApiError> {
        let record = self.directory.connection_of_project(project).await;
        let record = record.map_err(|error| ApiError::internal(&error, id))?;
        let records = record
            .into_iter()
            .filter(|record| wanted.is_after(&record.id));
        let mut bots = self.with_standings(records.collect(), id).await?;
        bots.retain(|(record, standing)| {
            wanted.takes(record.status)
                && wanted.health.as_ref().is_none_or(|codes| {
                    standing
                        .as_ref()
                        .is_some_and(|standing| codes.contains(&standing.code))
                })
        });
        Ok(Page { bots, next: None })
    }

    async fn by_record(&self, wanted: &Wanted, id: &RequestId) -> Result<Page, ApiError> {
        let page = self
            .directory
            .connections_page(wanted.status, wanted.after.as_ref(), wanted.limit)
            .await;
        let page = page.map_err(|error| ApiError::internal(&error, id))?;
        Ok(Page {
            bots: self.with_standings(page.connections, id).await?,
            next: page.next,
        })
    }

    /// Of these a page may have fewer than there are, when a status is wanted too; its cursor still says where to go on.
    async fn by_health(
        &self,
        codes: &[VerdictCode],
        wanted: &Wanted,
        id: &RequestId,
    ) -> Result<Page, ApiError> {
        let page = StandingsPage {
            codes,
            after: wanted.after.as_ref(),
            limit: wanted.limit,
        };
        let standings = self.health.standings(&page).await;
        let standings = standings.map_err(|error| diagnosis::explain(&error, id))?;
        let last = standings.last().map(|last| last.connection.clone());
        let next = last.filter(|_| standings.len() >= wanted.limit as usize);
        let ids: Vec<_> = standings.iter().map(|one| one.connection.clone()).collect();
        let records = self.directory.connections_of_ids(&ids).await;
        let records = records.map_err(|error| ApiError::internal(&error, id))?;
        let mut records: HashMap<_, _> = records
            .into_iter()
            .map(|record| (record.id.clone(), record))
            .collect();
        let bots = standings.into_iter().filter_map(|standing| {
            let record = records.remove(&standing.connection)?;
            wanted
                .takes(record.status)
                .then_some((record, Some(standing)))
        });
        Ok(Page {
            bots: bots.collect(),
            next,
        })
    }

    async fn with_standings(
        &self,
        records: Vec<Connection>,
        id: &RequestId,
    ) -> Result<Vec<(Connection, Option<BotStanding>)>, ApiError> {
        let ids: Vec<_> = records.iter().map(|record| record.id.clone()).collect();
        let standings = self.health.standings_of(&ids).await;
        let standings = standings.map_err(|error| diagnosis::explain(&error, id))?;
        let mut standings: HashMap<_, _> = standings
            .into_iter()
            .map(|standing| (standing.connection.clone(), standing))
            .collect();
        let records = records.into_iter();
        Ok(records
            .map(|record| {
                let standing = standings.remove(&record.id);
                (record, standing)
            })
            .collect())
    }
}

impl Wanted {
    fn read(query: Option<&str>) -> Result<Self, ApiError> {
        let query = Query::read(query, &["health", "status", "cursor", "limit"])?;
        let health = query.get::<HealthFilter>("health", "healthy, degraded, or a code")?;
        let status = query.get::<StatusFilter>("status", "connecting, active or disconnected")?;
        Ok(Self {
            health: health.map(|HealthFilter(codes)| codes),
            status: status.map(|StatusFilter(status)| status),
            after: query.cursor()?,
            limit: query.limit()?,
        })
    }

    fn takes(&self, status: Status) -> bool {
        self.status.is_none_or(|wanted| wanted == status)
    }

    fn is_after(&self, id: &ConnectionId) -> bool {
        self.after.as_ref().is_none_or(|after| id > after)
    }
}

struct HealthFilter(Vec<VerdictCode>);

impl std::str::FromStr for HealthFilter {
    type Err = bot_health::verdict::UnknownCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = VerdictCode::ALL.into_iter();
        Ok(Self(match text {
            "degraded" => all.filter(|code| code.is_degraded()).collect(),
            code => vec![code.parse()?],
        }))
    }
}

struct StatusFilter(Status);

impl std::str::FromStr for StatusFilter {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Status::Connecting, Status::Active, Status::Disconnected];
        let named = all.into_iter().find(|status| status.as_str() == text);
        named.map(Self).ok_or(())
    }
}

impl<'a> Shown<'a> {
    fn of(record: &'a Connection, standing: Option<&'a BotStanding>) -> Self {
        let name = record.username.as_deref();
        Self {
            project_id: &record.project,
            connected: record.status == Status::Active,
            bot: Bot {
                id: &record.id,
                name,
                url: name.map(|name| format!("https://t.me/{name}")),
            },
            status: record.status.as_str(),
            health: Health::of(record.status, standing),
        }
    }
}
