//! Whose webhook an address is.

use connection_directory::Connection;
use ids::ConnectionId;

use crate::error::{Error, Warning};
use crate::parts::Parts;
use crate::public_url::PublicUrl;
use crate::telegram;

/// Whether an address is the one under which the record's current registration is reached today.
pub(crate) fn is_current(
    parts: &Parts,
    base: &PublicUrl,
    connection: &Connection,
    url: &str,
) -> bool {
    webhook_url(parts, base.as_str(), connection).is_ok_and(|ours| ours == url)
}

/// Whose webhook was set before ours, unless it was one of ours: at an older public address, or for another project.
pub(crate) fn rival(parts: &Parts, base: &PublicUrl, shown: &str) -> Option<Warning> {
    let host = telegram::host_of(shown)?;
    let ours = host == base.host() || owner(parts, shown).is_some();
    (!ours).then_some(Warning::RivalReplaced { host })
}

/// The connection whose webhook an address is, whatever the public address in front.
pub(crate) fn owner(parts: &Parts, url: &str) -> Option<ConnectionId> {
    let (owner, _) = parts.secrets.verify_path(telegram::path_of(url)?)?;
    Some(owner)
}

/// The address of the record's current registration, at a public address.
pub(crate) fn webhook_url(
    parts: &Parts,
    base: &str,
    connection: &Connection,
) -> Result<String, Error> {
    let path = parts
        .secrets
        .path(&connection.id, connection.current)
        .ok_or(Error::Sealed)?;
    Ok(format!("{base}{}", path.expose()))
}
