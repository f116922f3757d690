//! What every operation needs: turns, the steps with Telegram, and what a failure of theirs leads to.

use std::time::Duration;

use connection_directory::{Connection, Status};
use ids::{ProjectId, TelegramBotId};
use telegram_bot_api::BotToken;

use crate::backoff::Backoff;
use crate::error::{Error, Warning};
use crate::operation::Operation;
use crate::parts::{ConnectConfig, Parts};
use crate::turns::{Turn, Turns};
use crate::{record, registration, sealing};

pub(crate) struct Engine {
    pub(crate) parts: Parts,
    pub(crate) config: ConnectConfig,
    pub(crate) backoff: Backoff,
    projects: Turns<ProjectId>,
    /// A bot that leaves one project while another takes it: the one's deleteWebhook must not meet the other's setWebhook.
    bots: Turns<TelegramBotId>,
}

impl Engine {
    pub(crate) fn new(parts: Parts, config: ConnectConfig) -> Self {
        let (projects, bots) = (Turns::default(), Turns::default());
        Self {
            parts,
            config,
            backoff: Backoff::default(),
            projects,
            bots,
        }
    }

    /// The project's turn: nothing else changes its records while it is held.
    pub(crate) fn turn(&self, project: &ProjectId) -> Result<Turn<ProjectId>, Error> {
        self.projects.take(project).ok_or(Error::Busy)
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

    /// Tells Telegram that a bot was disconnected, as far as it answers at once; later it is tried again.
    pub(crate) async fn withdraw_soon(&self, connection: &mut Connection) {
        let told = self
            .parts
            .clock
            .timeout(COURTESY, self.withdraw(connection))
            .await;
        if told.is_err() {
            tracing::info!(connection = %connection.id, "Telegram is slow, and is told later of a disconnected bot");
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
        let tried = parts.clock.now().since(connection.updated_at);
        if is_for_good(operation, error, tried) {
            record::give_up(connection, operation, &why, parts.clock.now());
            registration::write(parts, connection).await?;
            self.backoff.forget(&connection.id);
            if connection.status == Status::Disconnected {
                parts.park(&connection.id);
            }
        } else if connection.warning.as_ref() != Some(&why) {
            connection.warning = Some(why);
            registration::write(parts, connection).await?;
        }
        Ok(())
    }
}

/// Whether a failure ends an operation. Anything else is tried again by [`crate::BotConnections::resume_unfinished`].
fn is_for_good(operation: Operation, error: &Error, tried: Duration) -> bool {
    match error {
        Error::WebhookTakenOver { .. } | Error::Sealed | Error::TelegramRefuses { .. } => true,
        // A fresh token may be refused for hours (docs/TELEGRAM.md: Tokens).
        Error::TokenNotValid => operation != Operation::Rotate || tried > FRESH,
        // A bot that worked before is not given up for a name that does not resolve today.
        Error::WebhookRefused { .. } => operation.begins_from_nothing(),
        _ => false,
    }
}

/// How long a disconnect waits for Telegram.
const COURTESY: Duration = Duration::from_secs(2);
/// How long a new token of a bot that is connected already may be refused.
const FRESH: Duration = Duration::from_secs(24 * 3_600);
