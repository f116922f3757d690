use std::sync::Arc;

use ids::{ConnectionId, ProjectId};

use crate::config::HealthConfig;
use crate::error::Result;
use crate::figures::Figures;
use crate::lists::{BotChange, BotStanding, ChangesPage, StandingsPage};
use crate::parts::Parts;
use crate::signal::Signal;
use crate::verdict::Verdict;
use crate::watch::Watch;
use crate::{diagnose, keep, lists, run};

/// Watches over the bots of a server, and says why one is silent. Cheap to clone; clones are one.
///
/// Inspections run in tasks of their own, so it is to be used within a tokio runtime.
#[derive(Clone)]
pub struct BotHealth(Arc<Watch>);

impl BotHealth {
    /// Over the parts of one server, whose database is migrated. Nothing is watched before [`run`](Self::run) is.
    #[must_use]
    pub fn new(parts: Parts, config: HealthConfig) -> Self {
        Self(Arc::new(Watch::new(parts, config)))
    }

    /// Why the project's bot is silent, or that it is not. Telegram is asked now; several who ask at once get the same answer. What
    /// takes longer than the deadline, or cannot be done, is told from what is known, and the evidence says so.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) when the project never had a bot; when the database cannot be read.
    pub async fn diagnose(&self, project: &ProjectId) -> Result<Verdict> {
        diagnose::diagnose(&self.0, project).await
    }

    /// How a bot stands, as it was told last; `None` when nobody has looked yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn standing(&self, connection: &ConnectionId) -> Result<Option<BotStanding>> {
        let found = lists::standings_of(&self.0, std::slice::from_ref(connection)).await?;
        Ok(found.into_iter().next())
    }

    /// How these bots stand, in no order; those that nobody has looked at yet are left out. One question for 500 of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn standings_of(&self, connections: &[ConnectionId]) -> Result<Vec<BotStanding>> {
        lists::standings_of(&self.0, connections).await
    }

    /// A page of how bots stand, in order of their connections' ids. Those that nobody has looked at yet are not among them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn standings(&self, page: &StandingsPage<'_>) -> Result<Vec<BotStanding>> {
        lists::standings(&self.0, page).await
    }

    /// A page of the changes of how a bot stands, the latest first. They are kept for
    /// [`HealthConfig::keep_changes`](crate::HealthConfig::keep_changes).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn changes(
        &self,
        connection: &ConnectionId,
        page: ChangesPage,
    ) -> Result<Vec<BotChange>> {
        lists::changes(&self.0, connection, page).await
    }

    /// Takes what was noticed of a connection. It never blocks and never asks anybody: an inspection follows soon, if one is called
    /// for. May be called from any thread.
    pub fn hear(&self, signal: Signal) {
        self.0.hear(signal);
    }

    /// What was done and is held.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.0.figures()
    }

    /// Deletes changes that were kept for long enough, in bounded commits; answers how many. [`run`](Self::run) does so every hour.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn expire(&self) -> Result<usize> {
        keep::expired(&self.0).await
    }

    /// Watches for ever: inspects who was heard of, sweeps over everybody, probes dead tokens. To be run once; dropping it stops, and what
    /// an inspection had not written by then is found again by the next one.
    pub async fn run(&self) {
        run::run(&self.0).await;
    }
}

impl std::fmt::Debug for BotHealth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("BotHealth")
            .field(&self.0.parts.database)
            .finish()
    }
}
