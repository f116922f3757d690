//! What the machine has Telegram asked, carried out: one function for each [`Ask`].

use connection_directory::Connection;
use telegram_bot_api::BotToken;

use crate::error::{Error, Warning};
use crate::machine::Ask;
use crate::pacer::Pacer;
use crate::parts::{ConnectConfig, Parts};
use crate::public_url::PublicUrl;
use crate::registration::Whose;
use crate::telegram::Webhook;
use crate::{registration, telegram};

/// What was heard from Telegram while an operation is carried out.
pub(crate) struct Talk<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) config: &'a ConnectConfig,
    pacer: &'a Pacer,
    /// The address that Telegram showed last.
    shown: String,
    pub(crate) warnings: Vec<Warning>,
}

impl<'a> Talk<'a> {
    pub(crate) fn new(parts: &'a Parts, config: &'a ConnectConfig, pacer: &'a Pacer) -> Self {
        Self {
            parts,
            config,
            pacer,
            shown: String::new(),
            warnings: Vec::new(),
        }
    }

    /// The public address that a registration of today gets.
    pub(crate) fn base(&self) -> Result<&'a PublicUrl, Error> {
        self.config.public_url.as_ref().ok_or(Error::NoPublicUrl)
    }

    pub(crate) async fn ask(
        &mut self,
        ask: Ask,
        connection: &Connection,
        token: &BotToken,
    ) -> Result<(), Error> {
        match ask {
            Ask::Look => self.look(token).await,
            Ask::LookForNoOther => self.look_for_no_other(connection, token).await,
            Ask::Set => self.set(connection, token).await,
            Ask::LookForOurs => self.look_for_ours(connection, token).await,
            Ask::DeleteOurs => self.delete_ours(connection, token).await,
        }
    }

    async fn look(&mut self, token: &BotToken) -> Result<(), Error> {
        self.shown = telegram::webhook_url(&self.parts.client, token).await?;
        Ok(())
    }

    /// What was shown may be another program's behind our name, or a copy's of this server: unasked, neither is replaced.
    async fn look_for_no_other(
        &mut self,
        connection: &Connection,
        token: &BotToken,
    ) -> Result<(), Error> {
        self.look(token).await?;
        let whose = self.whose(connection);
        if whose.is_the_connections() || whose == Whose::Nobodys {
            return Ok(());
        }
        Err(Error::WebhookTakenOver {
            host: telegram::host_of(&self.shown),
        })
    }

    async fn set(&mut self, connection: &Connection, token: &BotToken) -> Result<(), Error> {
        let (parts, base) = (self.parts, self.base()?);
        let url = registration::webhook_url(parts, base.as_str(), connection)?;
        let (project, bot) = (&connection.project, connection.telegram_bot_id);
        let secret = parts.secrets.token(project, bot, connection.current);
        let webhook = Webhook {
            url: &url,
            secret: &secret.ok_or(Error::Sealed)?,
            max_connections: self.config.max_connections,
            kinds: &self.config.allowed_updates,
        };
        self.pacer.webhook(bot).await;
        telegram::set_webhook(&parts.client, &parts.clock, token, webhook).await?;
        self.warnings.extend(self.whose(connection).replaced());
        Ok(())
    }

    async fn look_for_ours(
        &mut self,
        connection: &Connection,
        token: &BotToken,
    ) -> Result<(), Error> {
        self.look(token).await?;
        // An operation that a restart interrupted may have told another public address than today's.
        let base = match &connection.registered_base_url {
            Some(told) => told,
            None => self.base()?.as_str(),
        };
        if self.shown == registration::webhook_url(self.parts, base, connection)? {
            return Ok(());
        }
        Err(Error::WebhookTakenOver {
            host: telegram::host_of(&self.shown),
        })
    }

    async fn delete_ours(&self, connection: &Connection, token: &BotToken) -> Result<(), Error> {
        if self.whose(connection).is_the_connections() {
            telegram::delete_webhook(&self.parts.client, token).await?;
        }
        Ok(())
    }

    /// Whose webhook was shown last.
    fn whose(&self, connection: &Connection) -> Whose {
        let today = self.config.public_url.as_ref();
        registration::whose(self.parts, today, connection, &self.shown)
    }
}
