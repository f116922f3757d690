use clock::Timestamp;
use ids::{ConnectionId, ProjectId, TelegramBotId, TokenVersion};
use webhook_secret::Registration;

use crate::connection::{Connection, Previous};
use crate::status::Status;

/// What the webhook path needs of a connection, kept in memory.
#[derive(Clone, Debug)]
pub struct LiveConnection {
    /// Its id.
    pub connection: ConnectionId,
    /// Whose bot it is.
    pub project: ProjectId,
    /// The bot.
    pub telegram_bot_id: TelegramBotId,
    /// What it is.
    pub status: Status,
    /// The latest registration of its webhook.
    pub current: Registration,
    /// The registration before, while it is still accepted: few have one at a time.
    pub previous: Option<Box<Previous>>,
    /// Which of the connection's tokens is in use; [`Directory::live_with_token`](crate::Directory::live_with_token) answers it.
    pub token_version: TokenVersion,
    pub(crate) version: i64,
}

impl LiveConnection {
    /// Whether Telegram has shown our webhook, and nobody has disconnected the bot since.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// Whether requests of this registration are accepted: the current one, and the one before until its end.
    ///
    /// A disconnected connection's registrations are accepted too, so that what still comes is told from a forgery.
    #[must_use]
    pub fn accepts(&self, registration: Registration, now: Timestamp) -> bool {
        registration == self.current
            || self.previous.as_ref().is_some_and(|before| {
                registration == before.registration
                    && before.accepted_until.is_none_or(|end| now < end)
            })
    }
}

impl From<&Connection> for LiveConnection {
    fn from(record: &Connection) -> Self {
        Self {
            connection: record.id.clone(),
            project: record.project.clone(),
            telegram_bot_id: record.telegram_bot_id,
            status: record.status,
            current: record.current,
            previous: record.previous.map(Box::new),
            token_version: record.token_version,
            version: record.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ids::{Generation, KeyId};

    use super::*;

    #[test]
    fn the_registration_before_is_accepted_until_its_end() {
        let now = Timestamp::from_unix_seconds(1_000);
        let end = now + Duration::from_secs(600);
        let mut record = record();
        record.current = registration(3);
        let accepts = |record: &Connection, generation, at| {
            LiveConnection::from(record).accepts(registration(generation), at)
        };
        assert!(accepts(&record, 3, now));
        assert!(!accepts(&record, 2, now), "not at all after a leak");
        record.previous = Some(Previous {
            registration: registration(2),
            accepted_until: None,
        });
        assert!(accepts(&record, 2, end), "until Telegram shows the new one");
        record.previous = Some(Previous {
            registration: registration(2),
            accepted_until: Some(end),
        });
        assert!(accepts(&record, 2, end - Duration::from_micros(1)));
        assert!(!accepts(&record, 2, end));
        assert!(!accepts(&record, 1, now));
        let other_key = Registration {
            key_id: KeyId::new(2),
            ..registration(3)
        };
        assert!(!LiveConnection::from(&record).accepts(other_key, now));
    }

    #[test]
    fn a_live_connection_is_small() {
        assert!(
            size_of::<LiveConnection>() <= 96,
            "{}",
            size_of::<LiveConnection>()
        );
    }

    fn record() -> Connection {
        Connection::connecting(
            ConnectionId::from_parts(1, [1; 10]),
            "prj_1".parse().unwrap(),
            TelegramBotId::new(1),
            KeyId::new(1),
            Timestamp::from_unix_seconds(0),
        )
    }

    fn registration(generation: u32) -> Registration {
        Registration {
            generation: Generation::new(generation),
            key_id: KeyId::new(1),
        }
    }
}
