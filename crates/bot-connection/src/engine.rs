//! What every operation needs: turns, the steps with Telegram, and what a failure of theirs leads to.

use std::sync::Arc;
use std::time::Duration;

use clock::Timestamp;
use connection_directory::{Connection, Status};
use ids::{ProjectId, TelegramBotId};
use telegram_bot_api::BotToken;

use crate::backoff::Backoff;
use crate::drift_memory::Campaign;
use crate::error::{Error, Warning};
use crate::operation::Operation;
use crate::pacer::Pacer;
use crate::parts::{ConnectConfig, Parts};
use crate::turns::{Turn, Turns};
use crate::{record, registration, sealing};

#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) parts: Parts,
    pub(crate) config: ConnectConfig,
    pub(crate) backoff: Arc<Backoff>,
    pub(crate) campaign: Arc<Campaign>,
    pub(crate) pacer: Arc<Pacer>,
    projects: Turns<ProjectId>,
    /// A bot that leaves one project while another takes it: the one's deleteWebhook must not meet the other's setWebhook.
    bots: Turns<TelegramBotId>,
}

/// A project's turn, which several tasks of one operation may share.
pub(crate) type ProjectTurn = Arc<Turn<ProjectId>>;

impl Engine {
    pub(crate) fn new(parts: Parts, config: ConnectConfig) -> Self {
        let (projects, bots) = (Turns::default(), Turns::default());
        Self {
            backoff: Arc::default(),
            campaign: Arc::default(),
            pacer: Arc::new(Pacer::new(parts.clock.clone(), config.pace)),
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

    /// Registers the webhook of a record whose operation has begun. A failure is written into the record: as a warning when
    /// it is tried again later, as the end of the operation when it is not.
    pub(crate) async fn register(
        &self,
        connection: &mut Connection,
        operation: Operation,
        token: &BotToken,
    ) -> Result<Vec<Warning>, Error> {
        let Self { parts, config, .. } = self;
        let base = config.public_url.as_ref().ok_or(Error::NoPublicUrl)?;
        let _turn = self
            .bots
            .take(&connection.telegram_bot_id)
            .ok_or(Error::Busy)?;
        // Updates may come as soon as Telegram knows the address.
        parts.unpark(&connection.id);
        match registration::carry_out(parts, config, base, connection, token).await {
            Ok(warnings) => {
                self.backoff.forget(&connection.id);
                Ok(warnings)
            }
            Err(error) => {
                self.note(connection, operation, &error).await?;
                Err(error)
            }
        }
    }

    /// Tells Telegram that a bot was disconnected. Answers whether that is over.
    pub(crate) async fn withdraw(&self, connection: &mut Connection) -> bool {
        let Err(error) = self.try_withdraw(connection).await else {
            self.backoff.forget(&connection.id);
            return true;
        };
        let cause = std::error::Error::source(&error);
        tracing::info!(connection = %connection.id, %error, cause, "Telegram is told later of a disconnected bot");
        false
    }

    async fn try_withdraw(&self, connection: &mut Connection) -> Result<(), Error> {
        let parts = &self.parts;
        let _turn = self
            .bots
            .take(&connection.telegram_bot_id)
            .ok_or(Error::Busy)?;
        let told = match sealing::open_token(parts, connection) {
            Ok(token) => registration::withdraw(parts, connection, &token).await,
            Err(error) => Err(error),
        };
        match told {
            // A token that is not accepted has no webhook, and without one there is nothing to be told.
            Err(Error::TokenNotValid | Error::TelegramRefuses { .. } | Error::Sealed) => {
                record::end(connection);
                registration::write(parts, connection).await
            }
            told => told,
        }
    }

    async fn note(
        &self,
        connection: &mut Connection,
        operation: Operation,
        error: &Error,
    ) -> Result<(), Error> {
        if matches!(error, Error::Busy | Error::Directory(_)) {
            return Ok(());
        }
        let parts = &self.parts;
        let why = error.to_string();
        let refused = refused_for(connection, parts.clock.now());
        if is_for_good(operation, error, refused.unwrap_or_default()) {
            record::give_up(connection, operation, &why, parts.clock.now());
            if connection.status == Status::Disconnected {
                // First, since nothing follows a commit whose answer is lost. After one that failed it is tried again.
                parts.park(&connection.id);
            }
            registration::write(parts, connection).await?;
            self.backoff.forget(&connection.id);
        } else if tells_more(connection, error, &why, refused) {
            connection.warning = Some(why);
            registration::write(parts, connection).await?;
        }
        Ok(())
    }
}

/// For how long Telegram has been refusing the token, if that is what the record says.
///
/// Nothing else is written while it says so, unless Telegram takes the token or somebody pastes it again: both begin anew.
fn refused_for(connection: &Connection, now: Timestamp) -> Option<Duration> {
    let refused = Error::TokenNotValid.to_string();
    (connection.warning.as_ref() == Some(&refused)).then(|| now.since(connection.updated_at))
}

/// Whether a failure shall stand in the record instead of what stands there. A Telegram out of reach says nothing about a
/// token that it refused, and must not hide since when.
fn tells_more(
    connection: &Connection,
    error: &Error,
    why: &str,
    refused: Option<Duration>,
) -> bool {
    let out_of_reach = matches!(error, Error::TelegramUnavailable(_));
    connection.warning.as_deref() != Some(why) && !(out_of_reach && refused.is_some())
}

/// Whether a failure ends an operation. Anything else is tried again by [`crate::BotConnections::resume_unfinished`].
fn is_for_good(operation: Operation, error: &Error, refused: Duration) -> bool {
    match error {
        Error::WebhookTakenOver { .. } | Error::Sealed | Error::TelegramRefuses { .. } => true,
        // A fresh token may be refused for hours (docs/TELEGRAM.md: Tokens).
        Error::TokenNotValid => operation != Operation::Rotate || refused > FRESH,
        // A bot that worked before is not given up for a name that does not resolve today.
        Error::WebhookRefused { .. } => operation.begins_from_nothing(),
        _ => false,
    }
}

/// How long a new token of a bot that is connected already may be refused.
const FRESH: Duration = Duration::from_secs(24 * 3_600);
