//! What operators see of updates, and do with those that failed: `/v1/updates`.

mod query;
mod shown;

use std::collections::HashMap;

use bytes::Bytes;
use connection_directory::Directory;
use http::StatusCode;
use ids::{ConnectionId, ProjectId, RequestId};
use serde::Serialize;
use update_dispatcher::{Dispatcher, Seq};
use update_inbox::{Error, Inbox, Reread};

use self::query::{Query, State};
use self::shown::{Item, List, Told};
use crate::answer;
use crate::asked::Answer;
use crate::auth::Caller;
use crate::calls::UpdatesCall;
use crate::error::ApiError;
use crate::tokens::Ability;

/// The updates of one server, for [`ManagementApi`](crate::ManagementApi). Cheap to clone.
#[derive(Clone)]
pub struct Updates {
    inbox: Inbox,
    dispatcher: Dispatcher,
    directory: Directory,
}

impl Updates {
    /// Of this inbox and what handles it; the directory knows whose bots they are.
    #[must_use]
    pub fn new(inbox: Inbox, dispatcher: Dispatcher, directory: Directory) -> Self {
        Self {
            inbox,
            dispatcher,
            directory,
        }
    }

    pub(crate) async fn answer(
        &self,
        call: UpdatesCall,
        query: Option<&str>,
        caller: &Caller,
        id: &RequestId,
    ) -> Answer {
        let query = Query::read(query.unwrap_or_default())?;
        let ability = match call {
            UpdatesCall::List | UpdatesCall::Running => Ability::ProjectView,
            _ => Ability::ProjectManage,
        };
        let one = matches!(
            call,
            UpdatesCall::Show(_) | UpdatesCall::Discard(_) | UpdatesCall::Replay(_)
        );
        let project = match one {
            // Whose it is, is known when it was found.
            true => caller.may(ability).map(|()| None)?,
            false => scope(caller, ability, query.project.clone())?,
        };
        match call {
            UpdatesCall::List => self.list(project, &query, id).await,
            UpdatesCall::Running => self.running(project, id).await,
            UpdatesCall::ReplayAll => self.replay_all(project, id).await,
            UpdatesCall::Show(seq) => self.show(seq, caller, id).await,
            UpdatesCall::Replay(seq) => self.replay(seq, caller, id).await,
            UpdatesCall::Discard(seq) => self.discard(seq, caller, id).await,
        }
    }

    async fn list(&self, project: Option<ProjectId>, query: &Query, id: &RequestId) -> Answer {
        let owner = self.owner(project.as_ref(), id).await?;
        let (inbox, owner) = (&self.inbox, owner.as_ref());
        let (after, limit) = (query.cursor, query.limit);
        let failed = |error: Error| unreached(&error, id);
        let mut items: Vec<Item> = match query.state {
            State::Failed => {
                let page = inbox.dead_list(owner, after, limit).await.map_err(failed)?;
                page.into_iter().map(Item::from).collect()
            }
            State::Unreadable => {
                let page = inbox.quarantine_list_of(owner, after, limit).await;
                page.map_err(failed)?.into_iter().map(Item::from).collect()
            }
            State::Waiting => {
                let owner = owner.ok_or_else(|| query::needed("project"))?;
                let page = inbox.pending_list(owner, after, limit).await;
                page.map_err(failed)?.iter().map(Item::from).collect()
            }
        };
        self.name_projects(&mut items, id).await?;
        Ok(answer::json(StatusCode::OK, &List::of(items, limit), id))
    }

    async fn running(&self, project: Option<ProjectId>, id: &RequestId) -> Answer {
        match self.owner(project.as_ref(), id).await? {
            Some(owner) => data(&self.dispatcher.snapshot_of(&owner), id),
            None => data(&self.dispatcher.snapshot(), id),
        }
    }

    async fn show(&self, seq: Seq, caller: &Caller, id: &RequestId) -> Answer {
        let (mut item, body) = self.find(seq, caller, id).await?;
        item.add_content(&body);
        data(&item, id)
    }

    async fn replay(&self, seq: Seq, caller: &Caller, id: &RequestId) -> Answer {
        let (item, _) = self.find(seq, caller, id).await?;
        let told = if item.is_unreadable() {
            let read = self.inbox.quarantine_replay(seq).await;
            match read.map_err(|error| unreached(&error, id))? {
                Some(Reread::Unreadable(reason)) => return Err(still_unreadable(&reason)),
                Some(read) => Told::reread(&read),
                None => return Err(ApiError::not_found()),
            }
        } else {
            let replayed = self.inbox.dead_replay(seq).await;
            let number = replayed.map_err(|error| unreached(&error, id))?;
            Told::Replayed {
                number: number.ok_or_else(ApiError::not_found)?,
            }
        };
        tracing::info!(number = seq.value(), request = %id, "an update that failed is handled again");
        data(&told, id)
    }

    async fn replay_all(&self, project: Option<ProjectId>, id: &RequestId) -> Answer {
        let owner = self.owner(project.as_ref(), id).await?;
        let replayed = self.inbox.dead_replay_all(owner.as_ref()).await;
        let updates = replayed.map_err(|error| unreached(&error, id))?;
        tracing::info!(updates, request = %id, "updates that failed are handled again");
        data(&Told::AllReplayed { updates }, id)
    }

    async fn discard(&self, seq: Seq, caller: &Caller, id: &RequestId) -> Answer {
        self.find(seq, caller, id).await?;
        let discarded = self.inbox.discard(seq).await;
        if !discarded.map_err(|error| unreached(&error, id))? {
            return Err(ApiError::not_found());
        }
        tracing::info!(number = seq.value(), request = %id, "an update that failed is discarded");
        data(&Told::Discarded { number: seq }, id)
    }

    /// An update that failed, if the caller's token covers its project.
    async fn find(
        &self,
        seq: Seq,
        caller: &Caller,
        id: &RequestId,
    ) -> Result<(Item, Bytes), ApiError> {
        let failed = |error: Error| unreached(&error, id);
        let found = match self.inbox.dead_find(seq).await.map_err(failed)? {
            Some((letter, body)) => Some((Item::from(letter), body)),
            None => {
                let request = self.inbox.quarantine_find(seq).await.map_err(failed)?;
                request.map(|(request, body)| (Item::from(request), body))
            }
        };
        let (mut item, body) = found.ok_or_else(ApiError::not_found)?;
        self.name_projects(std::slice::from_mut(&mut item), id)
            .await?;
        if !caller.covers_all() && !item.project().is_some_and(|project| caller.covers(project)) {
            return Err(ApiError::not_found());
        }
        Ok((item, body))
    }

    /// The connection of a project, which must have one; nothing for all projects.
    async fn owner(
        &self,
        project: Option<&ProjectId>,
        id: &RequestId,
    ) -> Result<Option<ConnectionId>, ApiError> {
        let Some(project) = project else {
            return Ok(None);
        };
        let record = self.directory.connection_of_project(project).await;
        let record = record.map_err(|error| ApiError::internal(&error, id))?;
        let record = record.ok_or_else(ApiError::not_found)?;
        Ok(Some(record.id))
    }

    async fn name_projects(&self, items: &mut [Item], id: &RequestId) -> Result<(), ApiError> {
        let mut known: HashMap<ConnectionId, Option<ProjectId>> = HashMap::new();
        for item in items {
            let bot = item.bot().clone();
            let project = match known.get(&bot) {
                Some(project) => project.clone(),
                None => {
                    let record = self.directory.connection_find(&bot).await;
                    let record = record.map_err(|error| ApiError::internal(&error, id))?;
                    let project = record.map(|record| record.project);
                    known.insert(bot, project.clone());
                    project
                }
            };
            item.name_project(project);
        }
        Ok(())
    }
}

/// The one project that is asked about, or nothing for all of them. A token for one project asks about that one.
fn scope(
    caller: &Caller,
    ability: Ability,
    named: Option<ProjectId>,
) -> Result<Option<ProjectId>, ApiError> {
    let project = named.or_else(|| caller.project().cloned());
    match &project {
        Some(project) if !caller.covers(project) => return Err(ApiError::not_found()),
        Some(_) => caller.may(ability)?,
        None if ability == Ability::ProjectView => caller.may(Ability::ProjectViewAny)?,
        None => caller.may(ability)?,
    }
    Ok(project)
}

fn data(data: &impl Serialize, id: &RequestId) -> Answer {
    Ok(answer::data(StatusCode::OK, data, id))
}

fn still_unreadable(reason: &str) -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "UPDATE_UNREADABLE",
        format!("The request still cannot be read: {reason}."),
        "Look at it, and try again with a version of the server that can read it, or discard it.",
    )
}

/// What the inbox could not do.
fn unreached(error: &Error, id: &RequestId) -> ApiError {
    match error {
        Error::Unavailable | Error::Closed => ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "INBOX_UNAVAILABLE",
            "The server cannot write to its database just now.",
            "Try again in a few seconds; the cause is in the server's log.",
        )
        .retry_after(5),
        error => ApiError::internal(error, id),
    }
}
