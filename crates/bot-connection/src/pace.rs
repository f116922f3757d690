use std::time::Duration;

/// How fast Telegram is told things, so that its limits are kept and not met (docs/TELEGRAM.md: "Tokens", "What setWebhook replaces").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How many webhooks of connected bots are registered anew a second, in all. At least one.
    pub renewals_per_second: u32,
    /// How many tokens that Telegram's server has not seen of late may be used a minute.
    pub new_bots_per_minute: Share,
    /// The same for an hour.
    pub new_bots_per_hour: Share,
    /// How long a pasted token waits for its turn before whoever pasted it is told to come back.
    pub patience: Duration,
}

/// What there is, and how much of it work in bulk may take: the rest is kept for people who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// For everybody together.
    pub all: u32,
    /// For work in bulk.
    pub bulk: u32,
    /// For one project: whoever pastes invented tokens uses up nobody else's.
    pub project: u32,
}

impl Pace {
    /// Without a limit on new bots: for a Bot API server of one's own that has none.
    #[must_use]
    pub fn without_new_bot_limits() -> Self {
        let unlimited = Share {
            all: u32::MAX,
            bulk: u32::MAX,
            project: u32::MAX,
        };
        Self {
            new_bots_per_minute: unlimited,
            new_bots_per_hour: unlimited,
            ..Self::default()
        }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            renewals_per_second: 10,
            new_bots_per_minute: Share {
                all: 20,
                bulk: 15,
                project: 5,
            },
            new_bots_per_hour: Share {
                all: 600,
                bulk: 540,
                project: 30,
            },
            patience: Duration::from_secs(2),
        }
    }
}
