//! Others who hold a bot's token: another service, a polling library, somebody who sets our URL without our secret.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::methods;
use crate::error::Error;
use crate::ids::BotId;
use crate::params::Params;
use crate::records::Via;
use crate::world::World;

/// A platform that runs a bot's code, points its webhook at itself, and asks for what that code handles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Serverless {
    /// The platform's host.
    pub host: String,
    /// The kinds that the code handles.
    pub allowed_updates: Vec<String>,
}

impl Default for Serverless {
    fn default() -> Self {
        Self {
            host: "serverless.tgcloud.ai".to_owned(),
            allowed_updates: vec!["message".to_owned(), "callback_query".to_owned()],
        }
    }
}

impl Serverless {
    /// Where the platform takes a bot's updates.
    #[must_use]
    pub fn url(&self, bot: BotId) -> String {
        format!("https://{}/bot{bot}", self.host)
    }
}

/// Another service points the webhook at itself.
pub(crate) fn sets_webhook(world: &mut World, bot: BotId, url: &str) -> Result<(), Error> {
    done(call(world, bot, "setWebhook", &[("url", url)])?)
}

/// A polling library deletes the webhook when it starts.
pub(crate) fn deletes_webhook(world: &mut World, bot: BotId) -> Result<(), Error> {
    done(call(world, bot, "deleteWebhook", &[])?)
}

/// Somebody sets the URL that is set already, but without its secret.
pub(crate) fn drops_secret(world: &mut World, bot: BotId) -> Result<(), Error> {
    let url = url_of(world, bot)?;
    done(call(world, bot, "setWebhook", &[("url", &url)])?)
}

/// Somebody sets the URL that is set already, with a secret of their own.
pub(crate) fn changes_secret(world: &mut World, bot: BotId, secret: &str) -> Result<(), Error> {
    let url = url_of(world, bot)?;
    let pairs = [("url", url.as_str()), ("secret_token", secret)];
    done(call(world, bot, "setWebhook", &pairs)?)
}

/// Telegram's own platform takes over: its code runs there, and gets the updates it has handlers for.
pub(crate) fn goes_serverless(world: &mut World, bot: BotId, it: &Serverless) -> Result<(), Error> {
    let (url, kinds) = (
        it.url(bot),
        serde_json::json!(it.allowed_updates).to_string(),
    );
    let pairs = [("url", url.as_str()), ("allowed_updates", kinds.as_str())];
    done(call(world, bot, "setWebhook", &pairs)?)
}

/// What getWebhookInfo answers, without a call on record.
pub(crate) fn webhook_info(world: &mut World, bot: BotId) -> Result<Value, Error> {
    world.bot(bot)?;
    let call = Call {
        bot,
        method: "getWebhookInfo".to_owned(),
        params: Params::default(),
        via: Via::Rival,
    };
    methods::execute(world, &call)
        .map(|done| done.result)
        .map_err(|refusal| Error::Refused(refusal.text))
}

fn url_of(world: &mut World, bot: BotId) -> Result<String, Error> {
    let webhook = world.bot(bot)?.webhook.as_ref();
    Ok(webhook.map_or_else(String::new, |webhook| webhook.url.clone()))
}

fn call(
    world: &mut World,
    bot: BotId,
    method: &str,
    pairs: &[(&str, &str)],
) -> Result<Answer, Error> {
    world.bot(bot)?;
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let call = Call {
        bot,
        method: method.to_owned(),
        params: Params {
            pairs: pairs.collect(),
            files: Vec::new(),
        },
        via: Via::Rival,
    };
    Ok(methods::perform(world, &call))
}

fn done(answer: Answer) -> Result<(), Error> {
    match answer {
        Ok(_) => Ok(()),
        Err(refusal) => Err(Error::Refused(refusal.text)),
    }
}
