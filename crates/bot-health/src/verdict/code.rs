//! The one list of codes, for the API, events, alerts and the tables.

/// Declares the codes once: variant, name, condition, whether one observation is enough, documentation.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $condition:ident, $weight:ident;)*) => {
        /// What is the matter with a bot, in one word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum VerdictCode {
            $($(#[$doc])* $variant,)*
        }

        impl VerdictCode {
            /// Every code, in the order of the list.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// Its name in answers, events and tables.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What it makes of the bot.
            #[must_use]
            pub const fn condition(self) -> Condition {
                match self {
                    $(Self::$variant => Condition::$condition,)*
                }
            }

            const fn weight(self) -> Weight {
                match self {
                    $(Self::$variant => Weight::$weight,)*
                }
            }
        }
    };
}

enum Weight {
    /// Seen once, it is so.
    Definite,
    /// It may pass by itself.
    Soft,
}

codes! {
    /// Telegram does not accept the token: revoked, or its bot deleted; Telegram does not say which.
    TelegramApiUnauthorized = "telegram_api_unauthorized", Degraded, Definite;
    /// Somebody called `logOut` with the token.
    TelegramLoggedOut = "telegram_logged_out", Degraded, Definite;
    /// Telegram shows no webhook.
    WebhookRemoved = "webhook_removed", Degraded, Definite;
    /// Telegram shows another service's webhook.
    WebhookTakenOver = "webhook_taken_over", Degraded, Definite;
    /// Telegram shows our webhook, and its requests come without our secret.
    WebhookSecretMismatch = "webhook_secret_mismatch", Degraded, Definite;
    /// Telegram does not get through to us.
    WebhookUnreachable = "webhook_unreachable", Degraded, Soft;
    /// Telegram does not trust our certificate, or soon will not.
    WebhookCertificate = "webhook_certificate", Degraded, Soft;
    /// Telegram gets through, and we do not take what it brings.
    WebhookRefusedByUs = "webhook_refused_by_us", Degraded, Soft;
    /// Telegram holds some kinds of update back, because they are not on the webhook's list.
    UpdatesNotSubscribed = "updates_not_subscribed", Degraded, Soft;
    /// Updates come, and their handling fails.
    HandlerFailing = "handler_failing", Degraded, Soft;
    /// Updates come, and wait for one that does not end, or for an operator.
    HandlerStuck = "handler_stuck", Degraded, Soft;
    /// Telegram makes us wait.
    TelegramRateLimited = "telegram_rate_limited", Degraded, Soft;
    /// Telegram does not answer, or says that it has trouble itself.
    TelegramUnavailable = "telegram_unavailable", Degraded, Soft;
    /// The bot's owner disconnected it.
    Disconnected = "disconnected", Disconnected, Definite;
    /// Nothing is the matter.
    Healthy = "healthy", Healthy, Definite;
}

/// What a code makes of the bot. The event `project.bot.status_changed` knows the first two; that a bot was disconnected has an
/// event of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// It works.
    Healthy,
    /// It does not, or soon will not.
    Degraded,
    /// It is not meant to.
    Disconnected,
}

/// A code's name that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCode;

impl VerdictCode {
    /// Whether something is the matter with a bot that is meant to work: neither healthy nor disconnected.
    #[must_use]
    pub const fn is_degraded(self) -> bool {
        matches!(self.condition(), Condition::Degraded)
    }

    /// Whether one observation is enough; the others may pass by themselves and are told only when they last.
    #[must_use]
    pub const fn is_definite(self) -> bool {
        matches!(self.weight(), Weight::Definite)
    }
}

impl std::fmt::Display for VerdictCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for VerdictCode {
    type Err = UnknownCode;

    fn from_str(name: &str) -> Result<Self, UnknownCode> {
        let found = Self::ALL.into_iter().find(|code| code.as_str() == name);
        found.ok_or(UnknownCode)
    }
}

impl std::fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no verdict has this code")
    }
}

impl std::error::Error for UnknownCode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_the_published_one() {
        let names: Vec<&str> = VerdictCode::ALL.iter().map(|code| code.as_str()).collect();
        let published = "telegram_api_unauthorized telegram_logged_out webhook_removed webhook_taken_over \
            webhook_secret_mismatch webhook_unreachable webhook_certificate webhook_refused_by_us updates_not_subscribed \
            handler_failing handler_stuck telegram_rate_limited telegram_unavailable disconnected healthy";
        assert_eq!(names.join(" "), published);
        for code in VerdictCode::ALL {
            assert_eq!(code.as_str().parse(), Ok(code));
        }
        assert_eq!("".parse::<VerdictCode>(), Err(UnknownCode));
    }

    #[test]
    fn disconnected_is_neither() {
        let degraded = VerdictCode::ALL.iter().filter(|code| code.is_degraded());
        assert_eq!(degraded.count(), VerdictCode::ALL.len() - 2);
        assert!(!VerdictCode::Disconnected.is_degraded());
        assert_eq!(VerdictCode::Healthy.condition(), Condition::Healthy);
    }
}
