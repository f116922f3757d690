//! The steps between a record that says what is about to be done and one that says it is done.

use connection_directory::{Connection, Update};
use telegram_bot_api::BotToken;

use crate::error::{Error, Warning};
use crate::parts::{ConnectConfig, Parts};
use crate::public_url::PublicUrl;
use crate::telegram::Webhook;
use crate::{record, telegram};

/// Registers the webhook of the record's current registration, and ends the operation.
///
/// Until Telegram has taken the webhook every step may be repeated. Afterwards nothing is set again: whatever Telegram shows
/// then, if not ours, was set by somebody who is not fought.
pub(crate) async fn carry_out(
    parts: &Parts,
    config: &ConnectConfig,
    base: &PublicUrl,
    connection: &mut Connection,
    token: &BotToken,
) -> Result<Vec<Warning>, Error> {
    let mut shown = telegram::webhook_url(&parts.client, token).await?;
    let mut warnings = Vec::new();
    if !record::is_told(connection) {
        warnings.extend(rival(parts, base, &shown));
        tell(parts, config, base, connection, token).await?;
        shown = telegram::webhook_url(&parts.client, token).await?;
    }
    // An operation that a restart interrupted may have told another public address than today's.
    let told_base = connection
        .registered_base_url
        .as_deref()
        .unwrap_or(base.as_str());
    if shown != webhook_url(parts, told_base, connection)? {
        return Err(Error::WebhookTakenOver {
            host: telegram::host_of(&shown),
        });
    }
    record::confirm(connection, parts.clock.now());
    write(parts, connection).await?;
    Ok(warnings)
}

/// Takes our webhook away. Another service's is left alone.
pub(crate) async fn withdraw(
    parts: &Parts,
    connection: &mut Connection,
    token: &BotToken,
) -> Result<(), Error> {
    let shown = telegram::webhook_url(&parts.client, token).await?;
    if owner(parts, &shown).is_some_and(|owner| owner == connection.id) {
        telegram::delete_webhook(&parts.client, token).await?;
    }
    record::end(connection);
    write(parts, connection).await
}

/// Whether an address is the one under which the record's current registration is reached today.
pub(crate) fn is_current(
    parts: &Parts,
    base: &PublicUrl,
    connection: &Connection,
    url: &str,
) -> bool {
    webhook_url(parts, base.as_str(), connection).is_ok_and(|ours| ours == url)
}

/// Writes the record; somebody else's write in between means that another operation is under way.
pub(crate) async fn write(parts: &Parts, connection: &mut Connection) -> Result<(), Error> {
    match parts.directory.connection_update(connection).await {
        Ok(Update::Updated) => Ok(()),
        Ok(Update::Stale) => Err(Error::Busy),
        Err(error) => Err(taken(error)),
    }
}

/// A bot or project that was taken in between is told as such.
pub(crate) fn taken(error: connection_directory::Error) -> Error {
    match error {
        connection_directory::Error::BotTaken => Error::ConnectedElsewhere,
        connection_directory::Error::ProjectTaken => Error::Busy,
        error => Error::Directory(error),
    }
}

async fn tell(
    parts: &Parts,
    config: &ConnectConfig,
    base: &PublicUrl,
    connection: &mut Connection,
    token: &BotToken,
) -> Result<(), Error> {
    let url = webhook_url(parts, base.as_str(), connection)?;
    let (project, bot) = (&connection.project, connection.telegram_bot_id);
    let secret = parts
        .secrets
        .token(project, bot, connection.current)
        .ok_or(Error::Sealed)?;
    let webhook = Webhook {
        url: &url,
        secret: &secret,
        max_connections: config.max_connections,
        kinds: &config.allowed_updates,
    };
    telegram::set_webhook(&parts.client, token, webhook).await?;
    record::told(connection, base.as_str());
    write(parts, connection).await
}

/// Whose webhook was set before ours, unless it was one of ours: at an older public address, or for another project.
fn rival(parts: &Parts, base: &PublicUrl, shown: &str) -> Option<Warning> {
    let host = telegram::host_of(shown)?;
    let ours = host == base.host() || owner(parts, shown).is_some();
    (!ours).then_some(Warning::RivalReplaced { host })
}

/// The connection whose webhook an address is, whatever the public address in front.
pub(crate) fn owner(parts: &Parts, url: &str) -> Option<ids::ConnectionId> {
    let (owner, _) = parts.secrets.verify_path(telegram::path_of(url)?)?;
    Some(owner)
}

fn webhook_url(parts: &Parts, base: &str, connection: &Connection) -> Result<String, Error> {
    let path = parts
        .secrets
        .path(&connection.id, connection.current)
        .ok_or(Error::Sealed)?;
    Ok(format!("{base}{}", path.expose()))
}
