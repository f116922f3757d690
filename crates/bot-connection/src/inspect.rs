//! Asks Telegram how a bot is, and changes nothing.

use std::collections::BTreeSet;

use clock::Timestamp;
use connection_directory::Connection;
use ids::ConnectionId;
use telegram_bot_api::methods::{GetMe, GetWebhookInfo};
use telegram_bot_api::types::WebhookInfo;
use telegram_bot_api::{BotToken, Client, Error as Refusal, Method, UpdateKind};

use crate::engine::Engine;
use crate::error::Error;
use crate::inspection::{Inspection, ShownUrl, TokenAnswer, WebhookShown};
use crate::refusal::BotRefusal;
use crate::registration::Whose;
use crate::{registration, sealing, telegram};

/// Inspects one connection with the token that it has.
pub(crate) async fn inspect(engine: &Engine, id: &ConnectionId) -> Result<Inspection, Error> {
    let parts = &engine.parts;
    let found = parts.directory.connection_find(id).await;
    let connection = found
        .map_err(Error::Directory)?
        .ok_or_else(|| Error::NoConnection(id.clone()))?;
    of_record(engine, &connection).await
}

/// Inspects a connection whose record was just read.
pub(crate) async fn of_record(
    engine: &Engine,
    connection: &Connection,
) -> Result<Inspection, Error> {
    let (token, webhook) = match &connection.sealed_token {
        None => (TokenAnswer::NoToken, None),
        Some(_) => {
            let token = sealing::open_token(&engine.parts, connection)?;
            let answer = ask(&engine.parts.client, &token).await;
            if answer.as_ref().err() == Some(&TokenAnswer::Unauthorized) {
                // Telegram's server had to look at it anew, as at a new bot's.
                engine.pacer.used(&token);
            }
            match answer {
                Ok(info) => (TokenAnswer::Works, Some(shown(engine, connection, info))),
                Err(answer) => (answer, None),
            }
        }
    };
    let public_url = engine.config.public_url.as_ref();
    Ok(Inspection {
        at: engine.parts.clock.now(),
        status: connection.status,
        telegram_bot_id: connection.telegram_bot_id,
        project: connection.project.clone(),
        public_host: public_url.map(|url| url.host().to_owned()),
        token,
        webhook,
    })
}

async fn ask(client: &Client, token: &BotToken) -> Result<WebhookInfo, TokenAnswer> {
    call(client, token, &GetMe::new())
        .await
        .map_err(|error| token_answer(error, "getMe"))?;
    webhook(client, token).await
}

/// What `getWebhookInfo` shows, or what it says about the token instead.
pub(crate) async fn webhook(client: &Client, token: &BotToken) -> Result<WebhookInfo, TokenAnswer> {
    call(client, token, &GetWebhookInfo::new())
        .await
        .map_err(|error| token_answer(error, "getWebhookInfo"))
}

/// Once, and once more when the connection broke: whoever inspects is to hear at once of a wait that Telegram asks for.
async fn call<M: Method>(
    client: &Client,
    token: &BotToken,
    method: &M,
) -> Result<M::Output, Refusal> {
    let client = client.once();
    match client.send(token, method).await {
        Err(Refusal::Network { .. }) => client.send(token, method).await,
        answer => answer,
    }
}

fn token_answer(error: Refusal, method: &str) -> TokenAnswer {
    match telegram::meaning(error, method) {
        Error::TokenNotValid => TokenAnswer::Unauthorized,
        Error::TelegramRefuses {
            why: BotRefusal::LoggedOut,
            ..
        } => TokenAnswer::LoggedOut,
        Error::TelegramRefuses { why, description } => TokenAnswer::Refused { why, description },
        Error::TelegramUnavailable(Refusal::Throttled { retry_after, .. }) => {
            TokenAnswer::RateLimited { retry_after }
        }
        Error::TelegramUnavailable(failure) => TokenAnswer::Unavailable {
            why: failure.to_string(),
        },
        error => TokenAnswer::Unavailable {
            why: error.to_string(),
        },
    }
}

fn shown(engine: &Engine, connection: &Connection, info: WebhookInfo) -> WebhookShown {
    let url = shown_url(engine, connection, &info.url);
    let ours = matches!(url, ShownUrl::Ours | ShownUrl::OursOutdated);
    let words = info.last_error_message.unwrap_or_default();
    WebhookShown {
        pending: u64::try_from(info.pending_update_count).unwrap_or_default(),
        last_error: info
            .last_error_date
            .filter(|_| ours)
            .map(|date| (Timestamp::from_unix_seconds(date), kept(&words, &info.url))),
        synchronization_error: info
            .last_synchronization_error_date
            .map(Timestamp::from_unix_seconds),
        address: info.ip_address.filter(|_| ours),
        max_connections: info.max_connections,
        missing_kinds: missing(
            &engine.config.allowed_updates,
            info.allowed_updates.as_deref(),
        ),
        custom_certificate: info.has_custom_certificate,
        url,
    }
}

/// Whose webhook an address is, as whoever inspects is told.
fn shown_url(engine: &Engine, connection: &Connection, url: &str) -> ShownUrl {
    let today = engine.config.public_url.as_ref();
    match registration::whose(&engine.parts, today, connection, url) {
        Whose::Nobodys => ShownUrl::Empty,
        Whose::Current => ShownUrl::Ours,
        Whose::Earlier | Whose::OfAnotherConnection => ShownUrl::OursOutdated,
        Whose::Elsewhere { host } => ShownUrl::Elsewhere { host },
    }
}

/// Telegram's words, cut to what anybody reads, without the path that they may quote.
fn kept(words: &str, url: &str) -> String {
    let words = match telegram::path_of(url) {
        Some(path) => words.replace(path, "(hidden)"),
        None => words.to_owned(),
    };
    words.chars().take(MOST_WORDS).collect()
}

/// What we want of that which a webhook is not sent. A list that is not shown is Telegram's default.
fn missing(wanted: &[UpdateKind], shown: Option<&[String]>) -> Vec<UpdateKind> {
    let sent: Option<BTreeSet<&str>> =
        shown.map(|kinds| kinds.iter().map(String::as_str).collect());
    let is_sent = |kind: &UpdateKind| match &sent {
        Some(sent) => sent.contains(kind.as_str()),
        None => !NOT_BY_DEFAULT.contains(kind),
    };
    wanted
        .iter()
        .filter(|kind| !is_sent(kind))
        .cloned()
        .collect()
}

/// docs/TELEGRAM.md: "Kinds of update".
const NOT_BY_DEFAULT: [UpdateKind; 3] = [
    UpdateKind::ChatMember,
    UpdateKind::MessageReaction,
    UpdateKind::MessageReactionCount,
];

/// In characters.
const MOST_WORDS: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_not_shown_is_the_default() {
        let wanted = [UpdateKind::Message, UpdateKind::ChatMember];
        assert_eq!(missing(&wanted, None), [UpdateKind::ChatMember]);
        let message = ["message".to_owned()];
        assert_eq!(missing(&wanted, Some(&message)), [UpdateKind::ChatMember]);
        let both = ["chat_member".to_owned(), "message".to_owned()];
        assert_eq!(missing(&wanted, Some(&both)), []);
        assert_eq!(missing(&wanted, Some(&[])), wanted);
    }

    #[test]
    fn whatever_telegram_refuses_for_good_is_told_with_its_reason() {
        let refused = |code, words: &str| Refusal::Refused {
            code,
            description: words.to_owned(),
            migrate_to_chat_id: None,
        };
        for (code, words, why) in [
            (
                400,
                "Bad Request: FROZEN_METHOD_INVALID",
                BotRefusal::Frozen,
            ),
            (
                400,
                "Bad Request: the bot has already been closed",
                BotRefusal::Other,
            ),
            (403, "Forbidden", BotRefusal::Other),
        ] {
            for method in ["getMe", "getWebhookInfo"] {
                let description = words.to_owned();
                assert_eq!(
                    token_answer(refused(code, words), method),
                    TokenAnswer::Refused { why, description }
                );
            }
        }
        let description = "Unauthorized: invalid api-id/api-hash".to_owned();
        let misconfigured = Refusal::Unauthorized {
            description: description.clone(),
        };
        let why = BotRefusal::ServerMisconfigured;
        assert_eq!(
            token_answer(misconfigured, "getMe"),
            TokenAnswer::Refused { why, description }
        );
        for words in ["Logged out", "Bad Request: Logged out"] {
            let answer = token_answer(refused(400, words), "getMe");
            assert_eq!(answer, TokenAnswer::LoggedOut);
        }
    }

    #[test]
    fn telegrams_words_are_kept_without_our_path() {
        let url = "https://a.example/p/1.2.secret";
        let words = "cannot deliver to https://a.example/p/1.2.secret";
        assert_eq!(
            kept(words, url),
            "cannot deliver to https://a.example(hidden)"
        );
        assert_eq!(kept(&"x".repeat(9_000), "").len(), MOST_WORDS);
    }
}
