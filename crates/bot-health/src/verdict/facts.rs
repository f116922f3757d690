//! All that one can observe of a bot, as plain data. What was not observed is absent, never guessed.

use std::net::IpAddr;
use std::time::Duration;

use clock::Timestamp;
use telegram_bot_api::UpdateKind;

/// What was observed of one connection. Times are of our clock, except where Telegram's is named.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// When this was put together.
    pub now: Timestamp,
    /// Our record.
    pub record: Record,
    /// What Telegram makes of the token.
    pub token: Token,
    /// What Telegram shows of the webhook; `None` when it was not asked, or did not answer.
    pub webhook: Option<Webhook>,
    /// The requests that came.
    pub requests: Requests,
    /// What became of the updates.
    pub handlers: Handlers,
    /// The way to us, seen from here; `None` when nobody has looked.
    pub endpoint: Option<Endpoint>,
    /// By how many seconds Telegram's clock is ahead of ours (negative: ours is ahead of Telegram's).
    pub clock_offset_seconds: Option<i64>,
}

/// Our record of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub status: RecordStatus,
    /// Since when it is that.
    pub since: Option<Timestamp>,
    /// When Telegram was last told our address. What is older says nothing about it.
    pub registered_at: Option<Timestamp>,
    /// Since when an operator holds its updates back.
    pub held_since: Option<Timestamp>,
    /// Since when a new token waits to be accepted by Telegram; while this is there, [`Facts::token`] is about the new token.
    pub rotating_since: Option<Timestamp>,
    /// Whether what Telegram was told differs from what the server is configured for today, and the upkeep will tell it anew.
    pub reregistration_due: bool,
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordStatus {
    /// Its webhook is not confirmed yet.
    Connecting,
    /// Telegram has shown our webhook.
    Active,
    /// The bot's owner disconnected it.
    Disconnected,
}

/// What Telegram makes of the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// It accepts it.
    Works,
    /// 401 or 404.
    Unauthorized {
        /// When this was first seen.
        since: Option<Timestamp>,
    },
    /// 400 `Logged out`.
    LoggedOut,
    /// Telegram has frozen the bot, or its owner's account.
    Frozen,
    /// Telegram refuses to answer for the bot, for another reason that it gives: 400 or 403.
    Refused {
        /// Telegram's own words.
        words: String,
    },
    /// The Bot API server itself may not use Telegram: nothing is known of the token.
    ServerNotAllowed,
    /// 429: nothing is known of the token.
    RateLimited {
        /// How long Telegram makes us wait.
        retry_after: Duration,
        /// Since when no question was answered otherwise.
        since: Option<Timestamp>,
    },
    /// 5xx, or no answer: nothing is known of the token.
    Unavailable {
        /// What happened instead.
        why: String,
        /// Since when no question was answered otherwise.
        since: Option<Timestamp>,
    },
    /// There is none, or the stored one cannot be opened.
    Missing,
    /// Telegram was not asked.
    NotAsked,
}

/// What `getWebhookInfo` shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Whose address it is.
    pub url: ShownUrl,
    /// Updates that wait at Telegram, those in flight included.
    pub pending: u64,
    /// When delivery last failed, by Telegram's clock, and Telegram's words. No later success clears it.
    pub last_error: Option<(Timestamp, String)>,
    /// When Telegram last had trouble with itself, by its clock. Nothing clears it.
    pub synchronization_error: Option<Timestamp>,
    /// The address to which Telegram connects.
    pub address: Option<String>,
    /// How many requests Telegram makes at once.
    pub max_connections: Option<u32>,
    /// Kinds that we asked for at the latest registration and that Telegram does not list.
    pub missing_kinds: Vec<UpdateKind>,
    /// Whether somebody gave Telegram a certificate of their own to trust. We never do.
    pub custom_certificate: bool,
}

/// Whose address a webhook has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShownUrl {
    /// Ours, of the latest registration.
    Ours,
    /// Ours, of an earlier registration.
    OursOutdated,
    /// There is none.
    Empty,
    /// Somebody else's.
    Elsewhere {
        /// Its host; no more of it is known to anybody.
        host: String,
    },
}

/// The requests that came for this connection, by a path that is ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// The last one that was acknowledged.
    pub last_accepted: Option<Timestamp>,
    /// Those whose secret was wrong or missing.
    pub wrong_secret: Option<Lately>,
    /// Those that Telegram made as it should, and that we refused.
    pub refused: Option<(Lately, Refusal)>,
}

/// How often something happened within the last hour or so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lately {
    /// How often; at least 1.
    pub count: u64,
    /// The last time.
    pub last: Timestamp,
}

/// Why a request was refused that Telegram made as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There was no room for it.
    Overloaded,
    /// It could not be stored.
    NotStored,
    /// It was longer than an update may be.
    TooLarge,
    /// It did not come in time.
    TimedOut,
    /// It was not well formed, or not of the method that Telegram uses.
    Malformed,
}

/// What became of the updates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handlers {
    /// Attempts that failed, and updates given up, since the last that succeeded.
    pub failures_in_row: u64,
    /// Of those, the updates given up.
    pub dead_letters_in_row: u64,
    /// When the first of them failed.
    pub failing_since: Option<Timestamp>,
    /// When the last of them failed.
    pub last_failed_at: Option<Timestamp>,
    /// Why that one failed.
    pub last_reason: Option<String>,
    /// Since when the update is handled that has been at it longest.
    pub busy_since: Option<Timestamp>,
}

/// The way to us, as far as it can be seen from here. It may look different from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// When somebody looked.
    pub checked_at: Timestamp,
    /// Our public name.
    pub host: String,
    /// To which addresses our name leads.
    pub addresses: Addresses,
    /// The certificate that is presented under our name; `None` when none was seen.
    pub certificate: Option<Certificate>,
    /// What a request of our own to our public address got.
    pub answer: SelfCheck,
}

/// To which addresses a name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// Nobody has looked, or the question was not answered.
    Unknown,
    /// There is no such name.
    NoSuchName,
    /// To these.
    Known(Vec<IpAddr>),
}

/// A certificate that was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The last moment at which it is good, by the world's clock.
    pub not_after: Timestamp,
    /// What else is wrong with it.
    pub fault: Option<ChainFault>,
}

/// What is wrong with a certificate apart from its age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainFault {
    /// A certificate between it and a root is not sent along.
    Incomplete,
    /// No root that Telegram knows has signed it.
    UnknownIssuer,
    /// It is for another name.
    WrongName,
    /// It is not good yet.
    NotYetValid,
    /// Something else is.
    Other,
}

/// What a request of our own to our public address got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelfCheck {
    /// None was made.
    NotMade,
    /// We answered ourselves.
    Us,
    /// Somebody else answered.
    SomebodyElse {
        /// The status of the answer, if there was one.
        status: Option<u16>,
    },
    /// No answer came. From inside many networks their own public address cannot be reached, so this alone means nothing.
    NoAnswer {
        /// What happened instead.
        why: String,
    },
}

impl Facts {
    /// Of an active connection, with nothing observed yet.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            record: Record {
                status: RecordStatus::Active,
                since: None,
                registered_at: None,
                held_since: None,
                rotating_since: None,
                reregistration_due: false,
            },
            token: Token::NotAsked,
            webhook: None,
            requests: Requests::default(),
            handlers: Handlers::default(),
            endpoint: None,
            clock_offset_seconds: None,
        }
    }
}

impl Webhook {
    /// Ours, with nothing the matter.
    #[must_use]
    pub fn ours() -> Self {
        Self {
            url: ShownUrl::Ours,
            pending: 0,
            last_error: None,
            synchronization_error: None,
            address: None,
            max_connections: None,
            missing_kinds: Vec::new(),
            custom_certificate: false,
        }
    }
}
