use std::sync::Arc;
use std::time::Duration;

use connection_directory::{Connection, Status};
use ids::ProjectId;
use telegram_bot_api::BotToken;

use crate::engine::Engine;
use crate::error::Error;
use crate::operation::Operation;
use crate::parts::{ConnectConfig, Parts};
use crate::plan::Plan;
use crate::telegram::{self, Bot};
use crate::view::{BotView, Connected, Did};
use crate::{address, facts, plan, prepare, record, registration, resume, sealing};

/// Connects, rotates, replaces, disconnects and reconnects bots: one operation at a time for a project. Cheap to clone.
#[derive(Clone)]
pub struct BotConnections(Arc<Engine>);

impl BotConnections {
    /// Over the parts of one server.
    #[must_use]
    pub fn new(parts: Parts, config: ConnectConfig) -> Self {
        Self(Arc::new(Engine::new(parts, config)))
    }

    /// Does with a pasted token what is to be done: see the table of the crate's documentation.
    ///
    /// # Errors
    /// [`Error`]; nothing is kept of a token that `getMe` does not confirm. After [`Error::TelegramUnavailable`] in a later
    /// step the record says how far it came, and [`Self::resume_unfinished`] goes on.
    pub async fn put_token(
        &self,
        project: &ProjectId,
        token: &BotToken,
    ) -> Result<Connected, Error> {
        let _turn = self.0.turn(project)?;
        let existing = self.0.existing(project).await?;
        self.put(project, existing, token).await
    }

    /// Connects the project's bot again with the token it has: after a disconnect, or when another service took the webhook.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the project never had a bot; otherwise as [`Self::put_token`].
    pub async fn reconnect(&self, project: &ProjectId) -> Result<Connected, Error> {
        let _turn = self.0.turn(project)?;
        let there = self.0.existing(project).await?;
        let there = there.ok_or_else(|| Error::NotFound(project.clone()))?;
        let token = sealing::open_token(&self.0.parts, &there)?;
        self.put(project, Some(there), &token).await
    }

    /// Leaves the project's bot alone from now on. The record stays; updates that still come are ignored.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Busy`], [`Error::Directory`]. That Telegram could not be told is none: the bot is off
    /// here, and telling Telegram is tried again.
    pub async fn disconnect(&self, project: &ProjectId) -> Result<BotView, Error> {
        let _turn = self.0.turn(project)?;
        let there = self.0.existing(project).await?;
        let mut connection = there.ok_or_else(|| Error::NotFound(project.clone()))?;
        if connection.status != Status::Disconnected {
            let parts = &self.0.parts;
            record::begin_disconnect(&mut connection, parts.clock.now());
            registration::write(parts, &mut connection).await?;
            self.switch_off(&mut connection).await;
        }
        Ok(BotView::from(&connection))
    }

    /// The project's bot, or the last it had.
    ///
    /// # Errors
    /// [`Error::Directory`].
    pub async fn view(&self, project: &ProjectId) -> Result<Option<BotView>, Error> {
        Ok(self.0.existing(project).await?.as_ref().map(BotView::from))
    }

    /// Goes on with every operation that a crash or an unreachable Telegram left unfinished; answers how many it ended.
    ///
    /// Call it at start and every few seconds: what fails is tried again after 10 s, and then ever more rarely up to every
    /// five minutes. Projects whose turn somebody has are left to them. It may be dropped at any point.
    ///
    /// # Errors
    /// [`Error::Directory`] when the list cannot be read; what fails for one connection is logged.
    pub async fn resume_unfinished(&self) -> Result<usize, Error> {
        resume::all(&self.0).await
    }

    async fn put(
        &self,
        project: &ProjectId,
        existing: Option<Connection>,
        token: &BotToken,
    ) -> Result<Connected, Error> {
        let Engine { parts, config, .. } = &*self.0;
        let (base, doubt) = address::usable(config, &parts.clock).await?;
        let bot = self.identify(existing.as_ref(), token).await?;
        let facts = facts::gather(parts, base, project, existing.as_ref(), &bot, token).await?;
        let (mut connection, did) = match (plan::decide(facts), existing) {
            (Plan::Refuse, _) => return Err(Error::ConnectedElsewhere),
            (Plan::Nothing, Some(mut there)) => {
                prepare::rename(parts, &mut there, bot).await?;
                let view = BotView::from(&there);
                return Ok(Connected {
                    did: Did::Unchanged,
                    view,
                    warnings: doubt.into_iter().collect(),
                });
            }
            (Plan::Replace, Some(there)) => (self.replace(there, bot, token).await?, Did::Replaced),
            (Plan::Reconnect, Some(there)) => (
                self.again(there, bot, token, Operation::Reconnect).await?,
                Did::Reconnected,
            ),
            (Plan::Repair, Some(there)) => (
                self.again(there, bot, token, Operation::Repair).await?,
                Did::Repaired,
            ),
            (Plan::Rotate, Some(there)) => (
                self.again(there, bot, token, Operation::Rotate).await?,
                Did::Rotated,
            ),
            (_, _) => (
                prepare::connect(parts, project, bot, token).await?,
                Did::Connected,
            ),
        };
        let operation = record::operation(&connection).unwrap_or(Operation::Connect);
        let warnings = self.0.register(&mut connection, operation, token).await?;
        tracing::info!(%project, connection = %connection.id, ?did, "a bot is connected");
        let warnings = doubt.into_iter().chain(warnings).collect();
        Ok(Connected {
            did,
            view: BotView::from(&connection),
            warnings,
        })
    }

    /// Asks Telegram whose token it is, more than once where the token may be a fresh one of the bot that is there: those are
    /// refused for a while after a revoke.
    async fn identify(
        &self,
        existing: Option<&Connection>,
        token: &BotToken,
    ) -> Result<Bot, Error> {
        let parts = &self.0.parts;
        let may_be_fresh = existing.is_some_and(|there| {
            there.telegram_bot_id.value() == token.bot_user_id()
                && !sealing::has_token(parts, there, token)
        });
        for pause in FRESH_PAUSES.iter().filter(|_| may_be_fresh) {
            match telegram::identify(&parts.client, token).await {
                Err(Error::TokenNotValid) => parts.clock.sleep(*pause).await,
                answer => return answer,
            }
        }
        telegram::identify(&parts.client, token).await
    }

    async fn replace(
        &self,
        mut there: Connection,
        bot: Bot,
        token: &BotToken,
    ) -> Result<Connection, Error> {
        let connection = prepare::replace(&self.0.parts, &mut there, bot, token).await?;
        self.switch_off(&mut there).await;
        Ok(connection)
    }

    async fn again(
        &self,
        mut there: Connection,
        bot: Bot,
        token: &BotToken,
        operation: Operation,
    ) -> Result<Connection, Error> {
        prepare::again(&self.0.parts, &mut there, bot, token, operation).await?;
        Ok(there)
    }

    /// What follows once a record says disconnected.
    async fn switch_off(&self, connection: &mut Connection) {
        self.0.parts.park(&connection.id);
        tracing::info!(project = %connection.project, connection = %connection.id, "a bot is disconnected");
        self.0.withdraw_soon(connection).await;
    }
}

/// Short enough for a caller who waits two seconds.
const FRESH_PAUSES: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(800)];
