//! What Telegram is asked and told about a bot, and what its refusals mean here.

use std::time::Duration;

use clock::Clock;
use ids::TelegramBotId;
use telegram_bot_api::methods::{DeleteWebhook, GetMe, GetWebhookInfo, SetWebhook};
use telegram_bot_api::{BotToken, Client, Error as Refusal, UpdateKind};
use webhook_secret::SecretToken;

use crate::error::Error;
use crate::refusal::{BotRefusal, WebhookRefusal};

/// A bot, as `getMe` tells.
pub(crate) struct Bot {
    pub(crate) id: TelegramBotId,
    pub(crate) username: Option<String>,
    pub(crate) name: String,
}

/// What [`set_webhook`] tells.
pub(crate) struct Webhook<'a> {
    pub(crate) url: &'a str,
    pub(crate) secret: &'a SecretToken,
    pub(crate) max_connections: u8,
    pub(crate) kinds: &'a [UpdateKind],
}

impl Webhook<'_> {
    fn call(&self) -> SetWebhook {
        let kinds = self.kinds.iter().map(|kind| kind.as_str().to_owned());
        SetWebhook::new(self.url)
            .secret_token(self.secret.expose())
            .max_connections(i64::from(self.max_connections))
            .allowed_updates(kinds.collect::<Vec<_>>())
    }
}

/// Verifies a token with [getMe](https://core.telegram.org/bots/api#getme).
pub(crate) async fn identify(client: &Client, token: &BotToken) -> Result<Bot, Error> {
    let user = client
        .send(token, &GetMe::new())
        .await
        .map_err(|error| meaning(error, "getMe"))?;
    let id = TelegramBotId::new(user.id.value());
    Ok(Bot {
        id,
        username: user.username,
        name: user.first_name,
    })
}

/// The address of the bot's webhook, empty when it has none:
/// [getWebhookInfo](https://core.telegram.org/bots/api#getwebhookinfo).
pub(crate) async fn webhook_url(client: &Client, token: &BotToken) -> Result<String, Error> {
    let info = client.send(token, &GetWebhookInfo::new()).await;
    info.map(|info| info.url)
        .map_err(|error| meaning(error, "getWebhookInfo"))
}

/// Registers a webhook, every parameter given, nothing dropped:
/// [setWebhook](https://core.telegram.org/bots/api#setwebhook).
///
/// Another one that is under way at the same moment is waited for a little.
pub(crate) async fn set_webhook(
    client: &Client,
    clock: &Clock,
    token: &BotToken,
    webhook: Webhook<'_>,
) -> Result<(), Error> {
    let Webhook { url, secret, .. } = webhook;
    let call = webhook.call();
    for _ in 0..CONFLICTS {
        match client.send(token, &call).await {
            Err(error) if error.is_conflict() => clock.sleep(CONFLICT_PAUSE).await,
            Err(error) => return Err(refused_webhook(error, url, secret)),
            Ok(_) => return Ok(()),
        }
    }
    let last = client.send(token, &call).await;
    last.map(drop)
        .map_err(|error| refused_webhook(error, url, secret))
}

/// Takes the webhook away: [deleteWebhook](https://core.telegram.org/bots/api#deletewebhook).
pub(crate) async fn delete_webhook(client: &Client, token: &BotToken) -> Result<(), Error> {
    let deleted = client.send(token, &DeleteWebhook::new()).await;
    deleted
        .map(|_| ())
        .map_err(|error| meaning(error, "deleteWebhook"))
}

/// The host of another service's webhook; `None` where there is no webhook. Whatever else is in its address may hold the
/// token, and is forgotten.
pub(crate) fn host_of(url: &str) -> Option<String> {
    let (authority, _) = split(url)?;
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    let host = match host_and_port.split_once(']') {
        Some((bracketed, _)) => bracketed.trim_start_matches('['),
        None => host_and_port.split(':').next().unwrap_or_default(),
    };
    let readable =
        (1..=253).contains(&host.len()) && host.bytes().all(|byte| byte.is_ascii_graphic());
    Some(if readable {
        host.to_ascii_lowercase()
    } else {
        UNREADABLE_HOST.to_owned()
    })
}

/// The path of a webhook's address, with its slash.
pub(crate) fn path_of(url: &str) -> Option<&str> {
    split(url)
        .map(|(_, path)| path)
        .filter(|path| path.starts_with('/'))
}

/// Authority, and whatever follows it. Telegram takes an address without a scheme too.
fn split(url: &str) -> Option<(&str, &str)> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    (!url.is_empty()).then(|| rest.split_at(end))
}

/// Telegram's words without what it may have quoted.
fn without(words: String, secrets: [&str; 2]) -> String {
    secrets
        .into_iter()
        .fold(words, |words, secret| words.replace(secret, "(hidden)"))
}

fn refused_webhook(error: Refusal, url: &str, secret: &SecretToken) -> Error {
    match meaning(error, "setWebhook") {
        Error::TelegramRefuses {
            why: BotRefusal::Other,
            description,
        } => {
            let secrets = [path_of(url).unwrap_or(url), secret.expose()];
            Error::WebhookRefused {
                why: WebhookRefusal::of(&description),
                description: without(description, secrets),
            }
        }
        error => error,
    }
}

/// What an answer that is none means here.
pub(crate) fn meaning(error: Refusal, method: &str) -> Error {
    let words = error.description().unwrap_or_default();
    // Of all that is refused with 401, one says nothing about the token.
    let about_the_bot = match error.code() {
        Some(400 | 401) => BotRefusal::of(words),
        _ => None,
    };
    if let Some(why) = about_the_bot {
        return Error::TelegramRefuses {
            why,
            description: words.to_owned(),
        };
    }
    match error {
        error if error.is_token_refused(method) || error.is_misdirected() => Error::TokenNotValid,
        error if error.is_conflict() => Error::TelegramUnavailable(error),
        Refusal::Refused { description, .. } => Error::TelegramRefuses {
            why: BotRefusal::Other,
            description,
        },
        error => Error::TelegramUnavailable(error),
    }
}

/// How often another setWebhook that is under way is waited for, and how long.
const CONFLICTS: u32 = 2;
const CONFLICT_PAUSE: Duration = Duration::from_secs(1);
const UNREADABLE_HOST: &str = "unknown";

#[cfg(test)]
mod tests;
