use std::sync::Arc;

use connection_directory::{Connection, Status};
use ids::{ConnectionId, ProjectId};
use telegram_bot_api::BotToken;

use crate::error::{Error, Warning};
use crate::operation::Operation;
use crate::parts::{ConnectConfig, Parts};
use crate::plan::{self, Existing, Facts, Plan, State};
use crate::telegram::{self, Bot};
use crate::turns::{Turn, Turns};
use crate::view::{BotView, Connected, Did};
use crate::{address, record, registration};

/// Connects, rotates, replaces, disconnects and reconnects bots: one operation at a time for a project. Cheap to clone.
#[derive(Clone)]
pub struct BotConnections(Arc<Inner>);

struct Inner {
    parts: Parts,
    config: ConnectConfig,
    turns: Turns,
}

impl BotConnections {
    /// Over the parts of one server.
    #[must_use]
    pub fn new(parts: Parts, config: ConnectConfig) -> Self {
        Self(Arc::new(Inner { parts, config, turns: Turns::default() }))
    }

    /// Does with a pasted token what is to be done: see the table of the crate's documentation.
    ///
    /// # Errors
    /// [`Error`]; nothing is kept of a token that Telegram does not accept. After [`Error::TelegramUnavailable`] the record
    /// says how far it came, and [`Self::resume_unfinished`] goes on.
    pub async fn put_token(&self, project: &ProjectId, token: &BotToken) -> Result<Connected, Error> {
        let _turn = self.turn(project)?;
        let (_, warnings) = address::usable(&self.0.config).await?;
        let bot = telegram::identify(&self.0.parts.client, token).await?;
        let existing = self.existing(project).await?;
        let plan = plan::decide(self.facts(project, existing.as_ref(), &bot, token).await?);
        let (mut connection, operation, did) = match (plan, existing) {
            (Plan::Refuse, _) => return Err(Error::ConnectedElsewhere),
            (Plan::Nothing, Some(there)) => {
                return Ok(Connected { did: Did::Unchanged, view: BotView::from(&there), warnings });
            }
            (Plan::Replace, Some(there)) => {
                (self.replace(there, bot, token).await?, Operation::Connect, Did::Replaced)
            }
            (Plan::Reconnect, Some(there)) => {
                (self.again(there, bot, token, Operation::Reconnect).await?, Operation::Reconnect, Did::Reconnected)
            }
            (Plan::Repair, Some(there)) => {
                (self.again(there, bot, token, Operation::Repair).await?, Operation::Repair, Did::Repaired)
            }
            (Plan::Rotate, Some(there)) => {
                (self.again(there, bot, token, Operation::Rotate).await?, Operation::Rotate, Did::Rotated)
            }
            (_, _) => (self.connect(project, bot, token).await?, Operation::Connect, Did::Connected),
        };
        let more = self.carry_out(&mut connection, token, operation).await?;
        let warnings = warnings.into_iter().chain(more).collect();
        tracing::info!(%project, connection = %connection.id, ?did, "a bot is connected");
        Ok(Connected { did, view: BotView::from(&connection), warnings })
    }

    /// Connects the project's bot again with the token it has: after a disconnect, or when another service took the webhook.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the project never had a bot; otherwise as [`Self::put_token`].
    pub async fn reconnect(&self, project: &ProjectId) -> Result<Connected, Error> {
        let token = {
            let existing = self.existing(project).await?;
            let existing = existing.ok_or_else(|| Error::NotFound(project.clone()))?;
            registration::open_token(&self.0.parts, &existing)?
        };
        self.put_token(project, &token).await
    }

    /// Leaves the project's bot alone from now on. The record stays; updates that still come are ignored.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Busy`], [`Error::Directory`]. That Telegram could not be told is none: the bot is off
    /// here, and telling Telegram is tried again.
    pub async fn disconnect(&self, project: &ProjectId) -> Result<BotView, Error> {
        let _turn = self.turn(project)?;
        let existing = self.existing(project).await?;
        let mut connection = existing.ok_or_else(|| Error::NotFound(project.clone()))?;
        if connection.status == Status::Disconnected {
            return Ok(BotView::from(&connection));
        }
        let parts = &self.0.parts;
        record::begin_disconnect(&mut connection, parts.clock.now());
        registration::write(parts, &mut connection).await?;
        parts.inbox.pause(&connection.id);
        tracing::info!(%project, connection = %connection.id, "a bot is disconnected");
        self.withdraw(&mut connection).await;
        Ok(BotView::from(&connection))
    }

    /// The project's bot, or the last it had.
    ///
    /// # Errors
    /// [`Error::Directory`].
    pub async fn view(&self, project: &ProjectId) -> Result<Option<BotView>, Error> {
        Ok(self.existing(project).await?.as_ref().map(BotView::from))
    }

    /// Goes on with every operation that a crash or an unreachable Telegram left unfinished; answers how many it ended.
    ///
    /// Call it at start and from time to time. Projects whose turn somebody has are left to them.
    ///
    /// # Errors
    /// [`Error::Directory`] when the list cannot be read; what fails for one connection is logged.
    pub async fn resume_unfinished(&self) -> Result<usize, Error> {
        let unfinished = self.0.parts.directory.connections_unfinished().await;
        let mut ended = 0;
        for found in unfinished.map_err(Error::Directory)? {
            let Ok(_turn) = self.turn(&found.project) else { continue };
            match self.resume(&found.id).await {
                Ok(true) => ended += 1,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(connection = %found.id, %error, "an unfinished operation could not be ended");
                }
            }
        }
        Ok(ended)
    }

    async fn resume(&self, id: &ConnectionId) -> Result<bool, Error> {
        let parts = &self.0.parts;
        // Read again: its turn is ours only now.
        let found = parts.directory.connection_find(id).await.map_err(Error::Directory)?;
        let Some(mut connection) = found else { return Ok(false) };
        let Some(operation) = connection.operation.as_deref().and_then(|name| name.parse().ok()) else {
            return Ok(false);
        };
        if operation == Operation::Disconnect {
            return Ok(self.withdraw(&mut connection).await);
        }
        let token = registration::open_token(parts, &connection)?;
        self.carry_out(&mut connection, &token, operation).await?;
        tracing::info!(%id, operation = operation.as_str(), "an unfinished operation is ended");
        Ok(true)
    }

    fn turn(&self, project: &ProjectId) -> Result<Turn, Error> {
        self.0.turns.take(project).ok_or(Error::Busy)
    }

    async fn existing(&self, project: &ProjectId) -> Result<Option<Connection>, Error> {
        self.0.parts.directory.connection_of_project(project).await.map_err(Error::Directory)
    }

    async fn facts(
        &self,
        project: &ProjectId,
        existing: Option<&Connection>,
        bot: &Bot,
        token: &BotToken,
    ) -> Result<Facts, Error> {
        let parts = &self.0.parts;
        let holder = parts.directory.connection_of_bot(bot.id).await.map_err(Error::Directory)?;
        let taken_elsewhere = holder.is_some_and(|holder| holder.project != *project);
        let Some(there) = existing else { return Ok(Facts { existing: None, taken_elsewhere }) };
        let same_bot = there.telegram_bot_id == bot.id;
        let same_token = same_bot && registration::has_token(parts, there, token);
        let state = match there.status {
            Status::Active => State::Active,
            Status::Connecting => State::Connecting,
            Status::Disconnected => State::Disconnected,
        };
        let webhook_is_ours = same_token
            && state == State::Active
            && there.operation.is_none()
            && registration::is_ours(parts, there, &telegram::webhook_url(&parts.client, token).await?);
        let existing = Some(Existing { state, same_bot, same_token, webhook_is_ours });
        Ok(Facts { existing, taken_elsewhere })
    }

    async fn connect(&self, project: &ProjectId, bot: Bot, token: &BotToken) -> Result<Connection, Error> {
        let connection = self.new_record(project, bot, token);
        let written = self.0.parts.directory.connection_insert(&connection).await;
        written.map_err(registration::taken)?;
        Ok(connection)
    }

    async fn replace(&self, mut there: Connection, bot: Bot, token: &BotToken) -> Result<Connection, Error> {
        let parts = &self.0.parts;
        let connection = self.new_record(&there.project, bot, token);
        record::begin_disconnect(&mut there, parts.clock.now());
        match parts.directory.connection_replace(&mut there, &connection).await {
            Ok(connection_directory::Update::Updated) => {}
            Ok(connection_directory::Update::Stale) => return Err(Error::Busy),
            Err(error) => return Err(registration::taken(error)),
        }
        parts.inbox.pause(&there.id);
        tracing::info!(project = %there.project, connection = %there.id, "a bot is disconnected");
        self.withdraw(&mut there).await;
        Ok(connection)
    }

    /// Another registration of a record that is there.
    async fn again(
        &self,
        mut there: Connection,
        bot: Bot,
        token: &BotToken,
        operation: Operation,
    ) -> Result<Connection, Error> {
        let parts = &self.0.parts;
        there.username = bot.username;
        there.name = Some(bot.name);
        // A disconnected bot may come back with the token it had.
        if !registration::has_token(parts, &there, token) {
            registration::seal_token(parts, &mut there, token);
        }
        record::begin(&mut there, operation, parts.vault.primary());
        registration::write(parts, &mut there).await?;
        Ok(there)
    }

    fn new_record(&self, project: &ProjectId, bot: Bot, token: &BotToken) -> Connection {
        let parts = &self.0.parts;
        let now = parts.clock.now();
        let id = ConnectionId::from_parts(now.unix_ms(), parts.entropy.bytes());
        let key = parts.vault.primary();
        let mut connection = Connection::connecting(id, project.clone(), bot.id, key, now);
        connection.username = bot.username;
        connection.name = Some(bot.name);
        registration::seal_token(parts, &mut connection, token);
        record::begin(&mut connection, Operation::Connect, key);
        connection
    }

    async fn carry_out(
        &self,
        connection: &mut Connection,
        token: &BotToken,
        operation: Operation,
    ) -> Result<Vec<Warning>, Error> {
        let Inner { parts, config, .. } = &*self.0;
        let base = config.public_url.as_ref().ok_or(Error::NoPublicUrl)?;
        // Updates may come as soon as Telegram knows the address.
        parts.inbox.resume(&connection.id);
        let done = registration::carry_out(parts, config, base, connection, token).await;
        if let Err(error) = &done
            && registration::is_for_good(operation, error)
        {
            record::give_up(connection, operation, &error.to_string(), parts.clock.now());
            registration::write(parts, connection).await?;
            if connection.status == Status::Disconnected {
                parts.inbox.pause(&connection.id);
            }
        }
        done
    }

    /// Tells Telegram that a bot was disconnected: a courtesy, tried again later when Telegram cannot be reached.
    async fn withdraw(&self, connection: &mut Connection) -> bool {
        let parts = &self.0.parts;
        let told = match registration::open_token(parts, connection) {
            Ok(token) => registration::withdraw(parts, connection, &token).await,
            Err(error) => Err(error),
        };
        let Err(error) = told else { return true };
        tracing::info!(connection = %connection.id, %error, "Telegram could not be told of a disconnected bot");
        if !registration::is_for_good(Operation::Disconnect, &error) {
            return false;
        }
        record::end(connection);
        registration::write(parts, connection).await.is_ok()
    }
}
