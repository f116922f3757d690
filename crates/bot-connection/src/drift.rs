//! Whose webhook is due for another registration: what a record says Telegram was told, against today's settings.

use connection_directory::{Connection, Registered};

use crate::engine::Engine;
use crate::error::Error;
use crate::kinds;

/// How many active connections are due for another registration, and why. One may be due for more than one reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// All that are due.
    pub due: u64,
    /// Registered at another public address.
    pub public_url: u64,
    /// Registered with other update kinds, or nobody knows with which.
    pub kinds: u64,
    /// Registered with another limit on requests at a time, or nobody knows with which.
    pub max_connections: u64,
    /// Path and secret follow from a master key that is not the primary one.
    pub key: u64,
}

/// Counts what is due.
pub(crate) async fn count(engine: &Engine) -> Result<Drift, Error> {
    let Some(wanted) = wanted(engine) else {
        return Ok(Drift::default());
    };
    let counted = engine.parts.directory.registrations_count().await;
    let mut drift = Drift::default();
    for (told, connections) in counted.map_err(Error::Directory)? {
        let reasons = [
            (told.base_url != wanted.base_url, &mut drift.public_url),
            (told.kinds != wanted.kinds, &mut drift.kinds),
            (
                told.max_connections != wanted.max_connections,
                &mut drift.max_connections,
            ),
            (told.key_id != wanted.key_id, &mut drift.key),
        ];
        for (_, count) in reasons.into_iter().filter(|(differs, _)| *differs) {
            *count += connections;
        }
        if told != wanted {
            drift.due += connections;
        }
    }
    Ok(drift)
}

/// What a registration tells Telegram today; none without a public address.
pub(crate) fn wanted(engine: &Engine) -> Option<Registered> {
    let config = &engine.config;
    Some(Registered {
        base_url: Some(config.public_url.as_ref()?.as_str().to_owned()),
        key_id: engine.parts.vault.primary(),
        kinds: Some(kinds::comparable(&config.allowed_updates)),
        max_connections: Some(config.max_connections),
    })
}

/// What a record's latest registration told Telegram.
pub(crate) fn told(connection: &Connection) -> Registered {
    Registered {
        base_url: connection.registered_base_url.clone(),
        key_id: connection.current.key_id,
        kinds: connection.registered_kinds.clone(),
        max_connections: connection.registered_max_connections,
    }
}
