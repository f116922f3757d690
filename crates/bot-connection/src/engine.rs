//! What every operation needs: turns, and the steps with Telegram.

use std::sync::Arc;
use std::time::Duration;

use connection_directory::Connection;
use ids::{ProjectId, TelegramBotId};
use telegram_bot_api::BotToken;

use crate::backoff::Backoff;
use crate::carry_out::{self, Failed};
use crate::drift_memory::Campaign;
use crate::error::{Error, Warning};
use crate::operation::Operation;
use crate::pacer::Pacer;
use crate::parts::{ConnectConfig, Parts};
use crate::registrations::Announcer;
use crate::turns::{Turn, Turns};

#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) parts: Parts,
    pub(crate) config: ConnectConfig,
    pub(crate) backoff: Arc<Backoff>,
    pub(crate) campaign: Arc<Campaign>,
    pub(crate) pacer: Arc<Pacer>,
    pub(crate) announcer: Announcer,
    projects: Turns<ProjectId>,
    /// A bot that leaves one project while another takes it: the one's deleteWebhook must not meet the other's setWebhook.
    bots: Turns<TelegramBotId>,
}

/// A project's turn, which several tasks of one operation may share.
pub(crate) type ProjectTurn = Arc<Turn<ProjectId>>;

impl Engine {
    pub(crate) fn new(parts: Parts, config: ConnectConfig) -> Self {
        let (projects, bots) = (Turns::default(), Turns::default());
        let client = parts.client.waiting_at_most(LONGEST_WAIT);
        let parts = Parts { client, ..parts };
        Self {
            backoff: Arc::default(),
            campaign: Arc::default(),
            pacer: Arc::new(Pacer::new(parts.clock.clone(), config.pace)),
            announcer: Announcer::default(),
            parts,
            config,
            projects,
            bots,
        }
    }

    /// The same engine for work that nobody waits for: what Telegram asks to wait is answered, not slept through.
    pub(crate) fn unhurried(&self) -> Self {
        let mut engine = self.clone();
        engine.parts.client = self.parts.client.once();
        engine
    }

    /// The project's turn: nothing else changes its records while it is held.
    pub(crate) fn turn(&self, project: &ProjectId) -> Result<ProjectTurn, Error> {
        let turn = self.projects.take(project).ok_or(Error::Busy)?;
        Ok(Arc::new(turn))
    }

    /// The project's connection, or the last it had.
    pub(crate) async fn existing(&self, project: &ProjectId) -> Result<Option<Connection>, Error> {
        self.parts
            .directory
            .connection_of_project(project)
            .await
            .map_err(Error::Directory)
    }

    /// Registers the webhook of a record whose operation has begun, with the record's own token when none is given. What a failure
    /// leads to is in the record then.
    pub(crate) async fn register(
        &self,
        connection: &mut Connection,
        operation: Operation,
        token: Option<&BotToken>,
    ) -> Result<Vec<Warning>, Error> {
        // Updates may come as soon as Telegram knows the address.
        self.parts.unpark(&connection.id);
        self.carry_out(connection, operation, token).await
    }

    /// Tells Telegram that a bot was disconnected. Answers whether that is over.
    pub(crate) async fn withdraw(&self, connection: &mut Connection) -> bool {
        let told = self.carry_out(connection, Operation::Disconnect, None);
        let Err(error) = told.await else {
            return true;
        };
        let cause = std::error::Error::source(&error);
        tracing::info!(connection = %connection.id, %error, cause, "Telegram is told later of a disconnected bot");
        false
    }

    async fn carry_out(
        &self,
        connection: &mut Connection,
        operation: Operation,
        token: Option<&BotToken>,
    ) -> Result<Vec<Warning>, Error> {
        let bot = connection.telegram_bot_id;
        let _turn = self.bots.take(&bot).ok_or(Error::Busy)?;
        let Self {
            parts,
            config,
            pacer,
            ..
        } = self;
        let done = carry_out::carry_out(parts, config, pacer, connection, operation, token).await;
        let (id, clock) = (&connection.id, &parts.clock);
        match &done {
            Ok(_) | Err(Failed { is_over: true, .. }) => {
                self.backoff.forget(id);
                if operation != Operation::Renew {
                    self.announcer.tell(id);
                }
            }
            Err(failed) => {
                if let Some(wait) = failed.error.retry_after() {
                    self.backoff.not_before(id, clock, wait);
                }
            }
        }
        done.map_err(|failed| failed.error)
    }
}

/// How long a wait that Telegram asks for is slept through. A longer one is waited for by [`crate::BotConnections::resume_unfinished`].
const LONGEST_WAIT: Duration = Duration::from_secs(3);
