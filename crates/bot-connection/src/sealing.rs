//! The record's token: sealed into it, opened again.

use connection_directory::Connection;
use telegram_bot_api::BotToken;
use token_vault::TokenContext;

use crate::error::Error;
use crate::parts::Parts;
use crate::record;

/// The record's token, opened.
pub(crate) fn open_token(parts: &Parts, connection: &Connection) -> Result<BotToken, Error> {
    let sealed = connection.sealed_token.as_ref().ok_or(Error::Sealed)?;
    let plain = parts
        .vault
        .open(&context(connection), sealed)
        .map_err(|_| Error::Sealed)?;
    std::str::from_utf8(&plain)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(Error::Sealed)
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

fn context(connection: &Connection) -> TokenContext<'_> {
    TokenContext {
        project: &connection.project,
        telegram_bot_id: connection.telegram_bot_id,
        field: TokenContext::BOT_TOKEN,
        token_version: connection.token_version,
    }
}
