use clock::Timestamp;
use ids::{ConnectionId, TokenVersion};
use request_log::{Became, Outcome, RequestRecord, Seen, UpdateRecord};

use crate::verdict::facts::Refusal;

/// Something that was noticed of a connection. [`BotHealth::hear`](crate::BotHealth::hear) takes it at once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// Telegram answered 401 to a call made with this token of the connection's.
    TokenRefused {
        /// Whose token.
        connection: ConnectionId,
        /// Which of its tokens.
        token_version: TokenVersion,
    },
    /// A request came on a genuine webhook path with a wrong secret, or without one.
    WrongSecret {
        /// Whose path.
        connection: ConnectionId,
    },
    /// A request of Telegram's that we did not take: no room, no database, not in time, too long.
    RefusedByUs {
        /// Whose request.
        connection: ConnectionId,
        /// Why not.
        refusal: Refusal,
    },
    /// An update was stored and acknowledged.
    Accepted {
        /// Whose update.
        connection: ConnectionId,
    },
    /// An update was handled.
    Handled {
        /// Whose update.
        connection: ConnectionId,
    },
    /// The handling of an update failed for good.
    Failed {
        /// Whose update.
        connection: ConnectionId,
        /// When.
        at: Timestamp,
        /// Why, in a sentence.
        reason: String,
    },
    /// The connection was connected, reconnected, rotated or repaired: what was known of it may be over.
    Registered {
        /// Which.
        connection: ConnectionId,
    },
}

impl Signal {
    /// What a record of the request log says of a connection's health, if it says anything.
    #[must_use]
    pub fn of(seen: Seen<'_>) -> Option<Self> {
        match seen {
            Seen::Request(record) => of_request(record),
            Seen::Update(record) => Some(of_update(record)),
        }
    }
}

fn of_request(record: &RequestRecord) -> Option<Signal> {
    let connection = record.connection.clone()?;
    let refusal = match record.outcome {
        Outcome::Accepted | Outcome::Duplicate | Outcome::Quarantined => {
            return Some(Signal::Accepted { connection });
        }
        Outcome::RejectedWrongSecret => return Some(Signal::WrongSecret { connection }),
        Outcome::RejectedTooLarge => Refusal::TooLarge,
        Outcome::RejectedOverloaded => Refusal::Overloaded,
        Outcome::RejectedUnavailable => Refusal::NotStored,
        Outcome::RejectedTimedOut => Refusal::TimedOut,
        Outcome::RejectedMalformed | Outcome::RejectedBadMethod => Refusal::Malformed,
        _ => return None,
    };
    // Anybody can send nonsense to a path that he has learned of.
    record.proved.then_some(Signal::RefusedByUs {
        connection,
        refusal,
    })
}

fn of_update(record: &UpdateRecord) -> Signal {
    let connection = record.connection.clone();
    match &record.what {
        Became::Dead { reason } => Signal::Failed {
            connection,
            at: record.at,
            reason: reason.clone(),
        },
        Became::Handled | Became::Replied { .. } => Signal::Handled { connection },
    }
}

/// What leads to an inspection. The later in this list, the more it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Its turn in the round of all connections.
    Sweep,
    /// Its turn among those whose token is dead.
    Probe,
    /// It has been silent for longer than is its habit.
    Silence,
    /// Somebody asks.
    Asked,
    /// An earlier inspection was not conclusive, or is to be confirmed.
    Again,
    /// An update came although it counts as degraded.
    Recovery,
    /// Handlers fail or hang.
    Handlers,
    /// Requests that we did not take.
    RefusedByUs,
    /// Wrong secrets.
    WrongSecret,
    /// A new registration.
    Registered,
    /// A call was answered with 401.
    TokenRefused,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 11] = [
        Self::Sweep,
        Self::Probe,
        Self::Silence,
        Self::Asked,
        Self::Again,
        Self::Recovery,
        Self::Handlers,
        Self::RefusedByUs,
        Self::WrongSecret,
        Self::Registered,
        Self::TokenRefused,
    ];

    /// Whether something has just happened, so that it goes before what has time.
    #[must_use]
    pub const fn is_urgent(self) -> bool {
        !matches!(
            self,
            Self::Sweep | Self::Probe | Self::Silence | Self::Again
        )
    }

    /// Its name in metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sweep => "sweep",
            Self::Probe => "probe",
            Self::Silence => "silence",
            Self::Asked => "asked",
            Self::Again => "again",
            Self::Recovery => "recovery",
            Self::Handlers => "handlers",
            Self::RefusedByUs => "refused_by_us",
            Self::WrongSecret => "wrong_secret",
            Self::Registered => "registered",
            Self::TokenRefused => "token_refused",
        }
    }
}
