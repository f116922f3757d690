use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::control::handle::Control;
use crate::error::Error;
use crate::ids::BotId;
use crate::resolve::Resolution;
use crate::rivals::Serverless;
use crate::webhook_url::WebhookUrl;
use crate::{poller, rivals};

/// Rivals: others who hold the token.
impl Control {
    /// Another service points the webhook at itself. A host that is not in the resolve table gets a receiver that takes everything.
    ///
    /// # Errors
    /// [`Error::NoBot`], [`Error::Refused`].
    pub fn rival_sets_webhook(&self, bot: BotId, url: &str) -> Result<(), Error> {
        self.make_known(url);
        self.change(|world| rivals::sets_webhook(world, bot, url))
    }

    /// Telegram's own platform takes the bot over: it points the webhook at itself and asks for other kinds of update.
    ///
    /// # Errors
    /// [`Error::NoBot`], [`Error::Refused`].
    pub fn rival_goes_serverless(&self, bot: BotId, it: &Serverless) -> Result<(), Error> {
        self.make_known(&it.url(bot));
        self.change(|world| rivals::goes_serverless(world, bot, it))
    }

    /// A polling library deletes the webhook.
    ///
    /// # Errors
    /// [`Error::NoBot`], [`Error::Refused`].
    pub fn rival_deletes_webhook(&self, bot: BotId) -> Result<(), Error> {
        self.change(|world| rivals::deletes_webhook(world, bot))
    }

    /// Somebody sets the webhook's own URL again without its secret.
    ///
    /// # Errors
    /// [`Error::NoBot`], [`Error::Refused`].
    pub fn rival_drops_secret(&self, bot: BotId) -> Result<(), Error> {
        self.change(|world| rivals::drops_secret(world, bot))
    }

    /// Somebody sets the webhook's own URL again with another secret.
    ///
    /// # Errors
    /// [`Error::NoBot`], [`Error::Refused`].
    pub fn rival_changes_secret(&self, bot: BotId, secret: &str) -> Result<(), Error> {
        self.change(|world| rivals::changes_secret(world, bot, secret))
    }

    /// Somebody starts a polling library: it deletes the webhook, then asks for updates until [`Self::rival_stops`] or its token is
    /// refused. A webhook that is set again gives it 409, which does not end it. It runs on the runtime that calls this.
    ///
    /// # Errors
    /// [`Error::NoBot`], [`Error::Refused`].
    pub fn rival_polls(&self, bot: BotId) -> Result<(), Error> {
        let (stop, token) = self.change(|world| {
            rivals::deletes_webhook(world, bot)?;
            let stop = world.stop.child_token();
            let before = world.pollers.insert(bot, stop.clone());
            before.inspect(CancellationToken::cancel);
            Ok((stop, world.bot(bot)?.token.clone()))
        })?;
        let task = poller::run(Arc::clone(&self.shared), bot, token);
        tokio::spawn(async move { stop.run_until_cancelled(task).await });
        Ok(())
    }

    /// The polling library ends, if one runs.
    pub fn rival_stops(&self, bot: BotId) {
        let stop = self.change(|world| world.pollers.remove(&bot));
        stop.inspect(CancellationToken::cancel);
    }

    /// Gives a host that nobody knows a receiver that takes everything.
    fn make_known(&self, url: &str) {
        let host = WebhookUrl::parse(url).map(|url| url.host);
        self.change(|world| {
            if let Some(host) = host
                && !world.resolve.hosts().any(|(known, _)| *known == host)
            {
                world.resolve.set(&host, Resolution::clear(self.rival));
            }
        });
    }
}
