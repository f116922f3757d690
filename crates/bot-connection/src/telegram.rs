//! What Telegram is asked and told about a bot, and what its refusals mean here.

use http::Uri;
use ids::TelegramBotId;
use telegram_bot_api::methods::{DeleteWebhook, GetMe, GetWebhookInfo, SetWebhook};
use telegram_bot_api::{BotToken, Client, Error as Refusal, UpdateKind};
use webhook_secret::SecretToken;

use crate::error::Error;

/// A bot, as `getMe` tells.
pub(crate) struct Bot {
    pub(crate) id: TelegramBotId,
    pub(crate) username: Option<String>,
    pub(crate) name: String,
}

/// Verifies a token with [getMe](https://core.telegram.org/bots/api#getme).
pub(crate) async fn identify(client: &Client, token: &BotToken) -> Result<Bot, Error> {
    let user = client.send(token, &GetMe::new()).await.map_err(|error| meaning(error, "getMe"))?;
    Ok(Bot { id: TelegramBotId::new(user.id.value()), username: user.username, name: user.first_name })
}

/// The address of the bot's webhook, empty when it has none:
/// [getWebhookInfo](https://core.telegram.org/bots/api#getwebhookinfo).
pub(crate) async fn webhook_url(client: &Client, token: &BotToken) -> Result<String, Error> {
    let info = client.send(token, &GetWebhookInfo::new()).await;
    info.map(|info| info.url).map_err(|error| meaning(error, "getWebhookInfo"))
}

/// Registers a webhook, every parameter given, nothing dropped:
/// [setWebhook](https://core.telegram.org/bots/api#setwebhook).
pub(crate) async fn set_webhook(
    client: &Client,
    token: &BotToken,
    url: &str,
    secret: &SecretToken,
    max_connections: u8,
    kinds: &[UpdateKind],
) -> Result<(), Error> {
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    let webhook = SetWebhook::new(url)
        .secret_token(secret.expose())
        .max_connections(i64::from(max_connections))
        .allowed_updates(kinds);
    match client.send(token, &webhook).await {
        Ok(_) => Ok(()),
        Err(Refusal::Refused { description, .. }) => Err(Error::WebhookRefused { description }),
        Err(error) => Err(meaning(error, "setWebhook")),
    }
}

/// Takes the webhook away: [deleteWebhook](https://core.telegram.org/bots/api#deletewebhook).
pub(crate) async fn delete_webhook(client: &Client, token: &BotToken) -> Result<(), Error> {
    let deleted = client.send(token, &DeleteWebhook::new()).await;
    deleted.map(|_| ()).map_err(|error| meaning(error, "deleteWebhook"))
}

/// The host of another service's webhook. The rest of its address may hold the token, and is forgotten.
pub(crate) fn host_of(url: &str) -> String {
    let host = url.parse::<Uri>().ok().and_then(|url| url.host().map(str::to_ascii_lowercase));
    host.unwrap_or_default()
}

fn meaning(error: Refusal, method: &str) -> Error {
    if error.is_token_refused(method) { Error::TokenNotValid } else { Error::TelegramUnavailable(error) }
}
