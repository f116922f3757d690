//! The form of a webhook's path. It knows no key.

use ids::{ConnectionId, Generation, KeyId};

use crate::values::Registration;

/// What every webhook path begins with.
pub const PATH_PREFIX: &str = "/telegram/webhook/";

/// The longest path that can be genuine, in bytes.
pub const MAX_PATH_BYTES: usize =
    PATH_PREFIX.len() + CONNECTION + 1 + NUMBER + 1 + NUMBER + 1 + PATH_SECRET;

/// A path taken apart, nothing copied. Its parts have the right form; whether it is genuine only its secret tells.
pub(crate) struct Parts<'a> {
    /// Has a connection id's length and prefix; parsed after the secret was verified, because that allocates.
    connection: &'a str,
    pub(crate) registration: Registration,
    pub(crate) secret: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Takes a path apart if it is written the one way that we write it: no leading zeros, no query, nothing after.
    pub(crate) fn of(path: &'a str) -> Option<Self> {
        if path.len() > MAX_PATH_BYTES {
            return None;
        }
        let (connection, rest) = path.strip_prefix(PATH_PREFIX)?.split_once('/')?;
        let (key_id, rest) = rest.split_once('.')?;
        let (generation, secret) = rest.split_once('.')?;
        if connection.len() != CONNECTION || !connection.starts_with("bot_") {
            return None;
        }
        Some(Self {
            connection,
            registration: Registration {
                generation: Generation::new(number(generation)?),
                key_id: KeyId::new(number(key_id)?),
            },
            secret: (secret.len() == PATH_SECRET).then_some(secret.as_bytes())?,
        })
    }

    pub(crate) fn connection_bytes(&self) -> &'a [u8] {
        self.connection.as_bytes()
    }

    pub(crate) fn connection(&self) -> Option<ConnectionId> {
        self.connection.parse().ok()
    }
}

/// A number from 1 in its one spelling.
fn number(text: &str) -> Option<u32> {
    let canonical = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    canonical.then(|| text.parse().ok())?
}

/// Characters of the path secret: 132 bits.
pub(crate) const PATH_SECRET: usize = 22;
/// `bot_` and a ULID.
const CONNECTION: usize = 30;
/// The digits of the largest key id or generation.
const NUMBER: usize = 10;
