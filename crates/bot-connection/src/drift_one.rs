//! One bot's webhook, registered anew without anybody having asked: only where nobody else has acted since.

use std::collections::BTreeSet;
use std::time::Duration;

use connection_directory::{Connection, Registered, Status};
use telegram_bot_api::types::WebhookInfo;
use telegram_bot_api::{Error as Refusal, UpdateKind};

use crate::engine::Engine;
use crate::error::Error;
use crate::inspection::TokenAnswer;
use crate::operation::Operation;
use crate::refusal::BotRefusal;
use crate::registration::Whose;
use crate::{changing, drift, inspect, prepare, registration, sealing, telegram};

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewed {
    /// Registered anew: Telegram has taken a webhook with today's settings.
    Done,
    /// Telegram was told all of it before, and the record says so now. Telegram was asked to take nothing.
    Noted,
    /// Its record does not say any more that it is due, or somebody is changing it.
    NotDue,
    /// Its own trouble: the webhook is another's or nobody's, or the token is refused.
    LeftAlone,
    /// Telegram asks to wait.
    Stopped(Duration),
    /// Telegram refuses today's address: this bot has no webhook now, and the next one would have none either.
    Refused,
    /// Other trouble that the next one would have too.
    Fault,
}

/// Registers one bot's webhook as it should be today.
pub(crate) async fn renew(engine: &Engine, found: &Connection, wanted: &Registered) -> Renewed {
    if let Err(left) = engine.pacer.renewal().await {
        return Renewed::Stopped(left);
    }
    match try_renew(engine, found, wanted).await {
        Ok(renewed) => renewed,
        Err(error) => {
            let cause = std::error::Error::source(&error);
            tracing::warn!(connection = %found.id, %error, cause, "a webhook could not be registered anew");
            of_error(&error)
        }
    }
}

async fn try_renew(
    engine: &Engine,
    found: &Connection,
    wanted: &Registered,
) -> Result<Renewed, Error> {
    let Ok(_turn) = engine.turn(&found.project) else {
        return Ok(Renewed::NotDue);
    };
    let parts = &engine.parts;
    // Read again: its turn is ours only now.
    let there = parts.directory.connection_find(&found.id).await;
    let due = there
        .map_err(Error::Directory)?
        .filter(|there| is_settled(there) && drift::told(there) != *wanted);
    let Some(mut connection) = due else {
        return Ok(Renewed::NotDue);
    };
    let token = sealing::open_token(parts, &connection)?;
    let info = match inspect::webhook(&parts.client, &token).await {
        Ok(info) => info,
        Err(answer) => return Ok(of_answer(engine, found, answer)),
    };
    let today = engine.config.public_url.as_ref();
    let whose = registration::whose(parts, today, &connection, &info.url);
    if !whose.is_the_connections() {
        let host = telegram::host_of(&info.url);
        tracing::info!(connection = %connection.id, host, "a webhook that somebody else changed is not registered anew");
        return Ok(Renewed::LeftAlone);
    }
    if whose == Whose::Current && shows(engine, &connection, wanted, &info) {
        let written = changing::change(parts, &mut connection, |record| {
            record.registered_kinds.clone_from(&wanted.kinds);
            record.registered_max_connections = wanted.max_connections;
        });
        written.await?;
        return Ok(Renewed::Noted);
    }
    prepare::renew(parts, &mut connection).await?;
    engine
        .register(&mut connection, Operation::Renew, Some(&token))
        .await?;
    tracing::info!(connection = %connection.id, "a webhook is registered anew, with today's settings");
    Ok(Renewed::Done)
}

/// Connected, and nothing is under way.
pub(crate) fn is_settled(connection: &Connection) -> bool {
    connection.status == Status::Active && connection.operation.is_none()
}

fn of_answer(engine: &Engine, found: &Connection, answer: TokenAnswer) -> Renewed {
    match answer {
        TokenAnswer::RateLimited { retry_after } => {
            engine.pacer.stop(retry_after);
            Renewed::Stopped(retry_after)
        }
        // It says nothing about the bot.
        TokenAnswer::Refused {
            why: BotRefusal::ServerMisconfigured,
            description: why,
        }
        | TokenAnswer::Unavailable { why } => {
            tracing::warn!(connection = %found.id, why, "Telegram could not be asked about a webhook");
            Renewed::Fault
        }
        TokenAnswer::Works
        | TokenAnswer::Unauthorized
        | TokenAnswer::LoggedOut
        | TokenAnswer::Refused { .. }
        | TokenAnswer::NoToken => Renewed::LeftAlone,
    }
}

fn of_error(error: &Error) -> Renewed {
    match error {
        Error::TelegramUnavailable(Refusal::Throttled { retry_after, .. }) => {
            Renewed::Stopped(*retry_after)
        }
        Error::Busy => Renewed::NotDue,
        Error::WebhookRefused { .. } => Renewed::Refused,
        Error::TelegramUnavailable(_) | Error::Directory(_) | Error::NoPublicUrl => Renewed::Fault,
        _ => Renewed::LeftAlone,
    }
}

/// Whether Telegram shows today's settings already, at today's address: nobody wrote them down.
fn shows(
    engine: &Engine,
    connection: &Connection,
    wanted: &Registered,
    info: &WebhookInfo,
) -> bool {
    let shown = info.allowed_updates.iter().flatten();
    let shown: BTreeSet<&str> = shown.map(String::as_str).collect();
    let kinds = engine.config.allowed_updates.iter();
    connection.current.key_id == wanted.key_id
        && info.max_connections == wanted.max_connections.map(i64::from)
        && shown == kinds.map(UpdateKind::as_str).collect()
}
