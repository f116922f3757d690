//! Whose webhook an address is.

use connection_directory::Connection;
use ids::ConnectionId;

use crate::error::{Error, Warning};
use crate::parts::Parts;
use crate::public_url::PublicUrl;
use crate::telegram;

/// Whose webhook an address is that Telegram shows for a connection's bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// There is none.
    Nobodys,
    /// The connection's: its latest registration, at today's public address.
    Current,
    /// The connection's: of an earlier registration, or at the public address that Telegram was told last.
    Earlier,
    /// Another connection's of this server.
    OfAnotherConnection,
    /// Somebody else's: also another program's behind our name, or that of a server elsewhere with our master keys, such as a copy that
    /// was restored from a backup.
    Elsewhere {
        /// Its host; nothing else of its address is kept.
        host: String,
    },
}

/// Whose webhook an address is. Only what our keys have made for a public address of ours counts as ours: today's, or the one that the
/// record says Telegram was told.
pub(crate) fn whose(
    parts: &Parts,
    today: Option<&PublicUrl>,
    connection: &Connection,
    url: &str,
) -> Whose {
    let Some(host) = telegram::host_of(url) else {
        return Whose::Nobodys;
    };
    let today = today.map(PublicUrl::as_str);
    let is_current =
        |base: &str| webhook_url(parts, base, connection).is_ok_and(|ours| ours == url);
    if today.is_some_and(is_current) {
        return Whose::Current;
    }
    let then = connection.registered_base_url.as_deref();
    let owner = [today, then]
        .into_iter()
        .flatten()
        .find_map(|base| owner(parts, url.strip_prefix(base)?));
    match owner {
        Some(owner) if owner == connection.id => Whose::Earlier,
        Some(_) => Whose::OfAnotherConnection,
        None => Whose::Elsewhere { host },
    }
}

impl Whose {
    /// Whether it is this connection's, so that it may be replaced or taken away without anybody else losing it.
    pub(crate) const fn is_the_connections(&self) -> bool {
        matches!(self, Self::Current | Self::Earlier)
    }

    /// What whoever replaces it should know.
    pub(crate) fn replaced(self) -> Option<Warning> {
        match self {
            Self::Elsewhere { host } => Some(Warning::RivalReplaced { host }),
            _ => None,
        }
    }
}

fn owner(parts: &Parts, path: &str) -> Option<ConnectionId> {
    let (owner, _) = parts.secrets.verify_path(path)?;
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
