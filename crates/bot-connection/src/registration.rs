//! The steps between a record that says what is about to be done and one that says it is done.

use connection_directory::{Connection, Update};
use telegram_bot_api::BotToken;
use token_vault::TokenContext;

use crate::error::{Error, Warning};
use crate::operation::{Operation, Step};
use crate::parts::{ConnectConfig, Parts};
use crate::public_url::PublicUrl;
use crate::{record, telegram};

/// Registers the webhook of the record's current registration, and ends the operation.
///
/// Every step may be repeated: an address that is set already is set again without harm.
pub(crate) async fn carry_out(
    parts: &Parts,
    config: &ConnectConfig,
    base: &PublicUrl,
    connection: &mut Connection,
    token: &BotToken,
) -> Result<Vec<Warning>, Error> {
    let url = webhook_url(parts, base, connection)?;
    let before = telegram::webhook_url(&parts.client, token).await?;
    let warnings = rival(connection, base, &before);
    connection.registered_base_url = Some(base.as_str().to_owned());
    let secret = parts
        .secrets
        .token(&connection.project, connection.telegram_bot_id, connection.current)
        .ok_or(Error::Sealed)?;
    telegram::set_webhook(
        &parts.client,
        token,
        &url,
        &secret,
        config.max_connections,
        &config.allowed_updates,
    )
    .await?;
    record::reach(connection, Step::Told);
    let after = telegram::webhook_url(&parts.client, token).await?;
    if after != url {
        return Err(Error::WebhookTakenOver { host: telegram::host_of(&after) });
    }
    record::confirm(connection, base.as_str(), parts.clock.now());
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
    if is_ours(parts, connection, &shown) {
        telegram::delete_webhook(&parts.client, token).await?;
    }
    record::end(connection);
    write(parts, connection).await
}

/// Whether an address is that of the record's current registration, at whatever public address it was made.
pub(crate) fn is_ours(parts: &Parts, connection: &Connection, url: &str) -> bool {
    let path = parts.secrets.path(&connection.id, connection.current);
    let base = connection.registered_base_url.as_deref();
    path.zip(base).is_some_and(|(path, base)| url.strip_prefix(base) == Some(path.expose()))
}

/// Whether a failure is for good. Anything else is tried again by [`crate::BotConnections::resume_unfinished`].
pub(crate) fn is_for_good(operation: Operation, error: &Error) -> bool {
    match error {
        Error::WebhookTakenOver { .. } | Error::Sealed => true,
        // A fresh token may be refused for a while after a rotation.
        Error::TokenNotValid | Error::WebhookRefused { .. } => operation != Operation::Rotate,
        _ => false,
    }
}

/// The record's token, opened.
pub(crate) fn open_token(parts: &Parts, connection: &Connection) -> Result<BotToken, Error> {
    let sealed = connection.sealed_token.as_ref().ok_or(Error::Sealed)?;
    let plain = parts.vault.open(&context(connection), sealed).map_err(|_| Error::Sealed)?;
    std::str::from_utf8(&plain).ok().and_then(|text| text.parse().ok()).ok_or(Error::Sealed)
}

/// Whether the record's token is this one.
pub(crate) fn has_token(parts: &Parts, connection: &Connection, token: &BotToken) -> bool {
    open_token(parts, connection).is_ok_and(|kept| kept == *token)
}

/// Seals a token into the record, as its next version.
pub(crate) fn seal_token(parts: &Parts, connection: &mut Connection, token: &BotToken) {
    let mut next = connection.clone();
    if next.sealed_token.is_some() {
        next.token_version = next.token_version.next();
    }
    let sealed = parts.vault.seal(&context(&next), token.expose().as_bytes());
    record::take_token(connection, sealed);
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

/// Whose webhook was set before ours, unless it was ours already, perhaps at an older public address.
fn rival(connection: &Connection, base: &PublicUrl, shown: &str) -> Vec<Warning> {
    let host = telegram::host_of(shown);
    let earlier = connection.registered_base_url.as_deref().map(telegram::host_of);
    let ours = host.is_empty() || host == base.host() || earlier.as_ref() == Some(&host);
    if ours { Vec::new() } else { vec![Warning::RivalReplaced { host }] }
}

fn context(connection: &Connection) -> TokenContext<'_> {
    TokenContext {
        project: &connection.project,
        telegram_bot_id: connection.telegram_bot_id,
        field: TokenContext::BOT_TOKEN,
        token_version: connection.token_version,
    }
}

fn webhook_url(parts: &Parts, base: &PublicUrl, connection: &Connection) -> Result<String, Error> {
    let path = parts.secrets.path(&connection.id, connection.current).ok_or(Error::Sealed)?;
    Ok(format!("{base}{}", path.expose()))
}
