//! How many calls may be made in how long.

use std::time::Duration;

/// At most so many calls in every window of time, wherever one lays it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many; 0 counts as 1.
    pub calls: u32,
    /// In how long.
    pub span: Duration,
}

/// The limits under which messages are sent (docs/TELEGRAM.md: Limits on calls).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of one bot, all its chats together; paid broadcasts are free of it. 30 in a second.
    pub bot: Limit,
    /// Of one bot in one chat: 3 in 3 seconds, which is one a second with a short burst.
    pub chat: Limit,
    /// Of one bot in one group or channel, besides: 20 in a minute.
    pub group: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        let limit = |calls, seconds| Limit {
            calls,
            span: Duration::from_secs(seconds),
        };
        Self {
            bot: limit(30, 1),
            chat: limit(3, 3),
            group: limit(20, 60),
        }
    }
}
