use std::sync::Arc;

use futures_util::Stream;
use ids::{ConnectionId, ProjectId};
use telegram_bot_api::BotToken;

use crate::bulk::BulkItem;
use crate::drift::Drift;
use crate::drift_share::Progress;
use crate::engine::Engine;
use crate::error::Error;
use crate::heal::Healed;
use crate::inspection::Inspection;
use crate::parts::{ConnectConfig, Parts};
use crate::plan::Asked;
use crate::registrations::Registrations;
use crate::view::{BotView, Connected};
use crate::{bulk, disconnect, drift, drift_share, heal, hold, inspect, put, resume, sealing};

/// Connects, rotates, replaces, disconnects and reconnects bots: one operation at a time for a project. Cheap to clone.
///
/// An operation once begun is carried on in a task of its own: whoever drops its future only does not hear of its end. To
/// be used within a tokio runtime.
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
    /// [`Error`]; nothing is kept of a token that `getMe` does not confirm, but after [`Error::TokenNotAcceptedYet`]. After that,
    /// and after [`Error::TelegramUnavailable`] in a later step, the record says how far it came, and
    /// [`Self::resume_unfinished`] goes on.
    pub async fn put_token(
        &self,
        project: &ProjectId,
        token: &BotToken,
    ) -> Result<Connected, Error> {
        let turn = self.0.turn(project)?;
        let (engine, project, token) = (Arc::clone(&self.0), project.clone(), token.clone());
        carry_on(async move {
            let existing = engine.existing(&project).await?;
            put::token(&engine, &turn, &project, existing, &token, Asked::ByToken).await
        })
        .await
    }

    /// Connects the project's bot again with the token it has: after a disconnect, or when another service took the webhook. It is
    /// registered anew in any case: whether Telegram still knows our secret cannot be seen.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the project never had a bot; otherwise as [`Self::put_token`].
    pub async fn reconnect(&self, project: &ProjectId) -> Result<Connected, Error> {
        let turn = self.0.turn(project)?;
        let (engine, project) = (Arc::clone(&self.0), project.clone());
        carry_on(async move {
            let there = engine.existing(&project).await?;
            let there = there.ok_or_else(|| Error::NotFound(project.clone()))?;
            let token = sealing::open_token(&engine.parts, &there)?;
            let asked = Asked::ByReconnect;
            put::token(&engine, &turn, &project, Some(there), &token, asked).await
        })
        .await
    }

    /// Leaves the project's bot alone from now on. The record stays; updates that still come are ignored.
    ///
    /// Telegram is waited for at most 2 s. While it is still being told, any other change is refused as [`Error::Busy`].
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Busy`], [`Error::Directory`]. That Telegram could not be told is none: the bot is off
    /// here, and telling Telegram is tried again.
    pub async fn disconnect(&self, project: &ProjectId) -> Result<BotView, Error> {
        let turn = self.0.turn(project)?;
        let (engine, project) = (Arc::clone(&self.0), project.clone());
        carry_on(async move { disconnect::project(&engine, &turn, &project).await }).await
    }

    /// Has the updates of the project's bot wait until [`Self::release`], also after a restart: they are received, and none of them is
    /// handled. What is being handled now may end.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Busy`], [`Error::Directory`], [`Error::Inbox`].
    pub async fn hold(&self, project: &ProjectId) -> Result<BotView, Error> {
        let turn = self.0.turn(project)?;
        let (engine, project) = (Arc::clone(&self.0), project.clone());
        let held = carry_on(async move { hold::hold(&engine, &turn, &project).await });
        Ok(BotView::from(&held.await?))
    }

    /// Lets the updates of the project's bot go on that were held, the oldest first.
    ///
    /// # Errors
    /// As [`Self::hold`].
    pub async fn release(&self, project: &ProjectId) -> Result<BotView, Error> {
        let turn = self.0.turn(project)?;
        let (engine, project) = (Arc::clone(&self.0), project.clone());
        let going = carry_on(async move { hold::release(&engine, &turn, &project).await });
        Ok(BotView::from(&going.await?))
    }

    /// Whether this bot's updates are held.
    #[must_use]
    pub fn is_held(&self, connection: &ConnectionId) -> bool {
        self.0.parts.inbox.is_held(connection)
    }

    /// Asks Telegram how a connection's bot is, with the token that it has: `getMe`, then `getWebhookInfo`. Changes nothing.
    ///
    /// Whatever Telegram says or leaves unsaid is part of the answer. Each call is tried at most twice and never waits for a limit.
    ///
    /// # Errors
    /// [`Error::NoConnection`], [`Error::Directory`], [`Error::Sealed`].
    pub async fn inspect(&self, connection: &ConnectionId) -> Result<Inspection, Error> {
        inspect::inspect(&self.0, connection).await
    }

    /// Registers the webhook of a connected bot that was disabled and enabled again: once, where its token works and no webhook is
    /// set. Whoever calls this knows that Telegram had refused the token before; an empty webhook alone may be somebody's will.
    ///
    /// # Errors
    /// As [`Self::put_token`] of a later step, and [`Error::NoConnection`]. What was begun is gone on with by
    /// [`Self::resume_unfinished`].
    pub async fn heal(&self, connection: &ConnectionId) -> Result<Healed, Error> {
        let (engine, connection) = (Arc::clone(&self.0), connection.clone());
        carry_on(async move { heal::heal(&engine, &connection).await }).await
    }

    /// Counts the connected bots whose webhook is not registered as this server would register it today.
    ///
    /// # Errors
    /// [`Error::Directory`].
    pub async fn drift(&self) -> Result<Drift, Error> {
        drift::count(&self.0).await
    }

    /// Registers anew some of the webhooks that [`Self::drift`] counts, at the pace of the settings: up to five seconds' worth.
    ///
    /// Call it every few seconds for ever, and again at once while something is left and nothing paused. A bot whose webhook somebody
    /// else has set or removed is left alone. It may be dropped at any point; what it has begun by then is carried on.
    ///
    /// # Errors
    /// [`Error::Directory`]; what fails for one connection is logged.
    pub async fn reregister_due(&self) -> Result<Progress, Error> {
        drift_share::share(&self.0).await
    }

    /// Connects many bots as [`Self::put_token`] does one, several at once, as fast as Telegram takes new ones, with room left for people
    /// who wait. Tells of each as it ends; one that fails stops no other, and what is connected already is not asked about. So
    /// whoever was interrupted gives all of them again.
    ///
    /// Each project should be there once. It goes on while the stream is asked for its next item; what it has begun is ended anyway.
    pub fn connect_many(
        &self,
        tokens: impl Stream<Item = (ProjectId, BotToken)> + Send,
    ) -> impl Stream<Item = BulkItem> + Send {
        bulk::connect_many(&self.0, tokens)
    }

    /// Tells from now on whose registration was changed, or could not be, because somebody asked for it: whoever watches may want to look.
    /// A disconnect is told when the bot is off here, and once more when Telegram knows.
    /// Who listens too slowly misses some.
    #[must_use]
    pub fn registrations(&self) -> Registrations {
        self.0.announcer.listen()
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
    /// five minutes. Projects whose turn somebody has are left to them. It may be dropped at any point; what it has begun
    /// by then is carried on.
    ///
    /// # Errors
    /// [`Error::Directory`] when the list cannot be read; what fails for one connection is logged.
    pub async fn resume_unfinished(&self) -> Result<usize, Error> {
        resume::all(&self.0).await
    }
}

/// Carries an operation on even when whoever asked for it goes away: record, inbox and Telegram would else not agree.
async fn carry_on<T: Send + 'static>(
    operation: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(operation).await.map_err(Error::Interrupted)?
}
