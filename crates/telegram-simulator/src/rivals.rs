//! Others who hold a bot's token: another service, a polling library, somebody who sets our URL without our secret.

use serde_json::Value;

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::methods;
use crate::error::Error;
use crate::ids::BotId;
use crate::params::Params;
use crate::records::Via;
use crate::world::World;

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
    let webhook = world.bot(bot)?.webhook.as_ref();
    let url = webhook
        .map(|webhook| webhook.url.clone())
        .unwrap_or_default();
    done(call(world, bot, "setWebhook", &[("url", &url)])?)
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
