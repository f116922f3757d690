//! What can go wrong with a call, told apart by codes and parameters, never by text.

use std::time::Duration;

/// Why a call has no answer, or has a refusal for one. It never holds the token or the address it was sent to, and
/// prints nothing of what was sent or received; Telegram's own sentence is at [`Error::description`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server refused the call: 400, 403, 409 and every code without a variant of its own.
    #[error("Telegram refused the call with code {code}")]
    Refused {
        /// The answer's `error_code`, or the HTTP status where there is none.
        code: u16,
        /// Telegram's sentence; empty where it gave none.
        description: String,
        /// Where the chat went, when it became a supergroup.
        migrate_to_chat_id: Option<i64>,
    },
    /// 401: the token is not accepted, or no longer.
    #[error("Telegram does not accept the bot token")]
    Unauthorized {
        /// Telegram's sentence.
        description: String,
    },
    /// 404: no such method; or, from the front end of api.telegram.org, no such token.
    #[error("Telegram knows no such method or bot")]
    NotFound {
        /// Telegram's sentence.
        description: String,
    },
    /// 429, or our own limits: not before so long, and the deadline comes first.
    #[error("{by} asks to wait {} s", .retry_after.as_secs_f32().ceil())]
    Throttled {
        /// How long to wait.
        retry_after: Duration,
        /// Whose limit it is.
        by: Throttler,
    },
    /// 5xx: the server, or a front end of it, has a fault. The call may have been carried out.
    #[error("the Bot API server answered with status {status}")]
    ServerFault {
        /// The HTTP status.
        status: u16,
        /// The server's sentence; empty where it gave none.
        description: String,
    },
    /// No connection, or one that broke.
    #[error("the Bot API server cannot be reached, or the connection broke")]
    Network {
        /// Whether something had been sent, so that the call may have been carried out.
        ambiguous: bool,
        /// What the connection says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer in time.
    #[error("the Bot API server did not answer in time")]
    TimedOut {
        /// Whether something had been sent, so that the call may have been carried out.
        ambiguous: bool,
    },
    /// The call succeeded, as far as one can tell, with an answer that cannot be read.
    #[error("the answer with status {status} cannot be read: {fault}")]
    UnexpectedAnswer {
        /// The HTTP status.
        status: u16,
        /// What is wrong with the answer.
        fault: AnswerFault,
    },
    /// A file to send cannot be read. Nothing that counts was sent.
    #[error("the file {file_name:?} cannot be read")]
    Upload {
        /// The name that Telegram would have seen.
        file_name: String,
        /// What the file system says.
        #[source]
        source: std::io::Error,
    },
    /// The method's name is not one: letters and digits are all it may have.
    #[error("a method's name has letters and digits alone")]
    MethodName,
    /// The TLS library cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}

/// Whose limit a call met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Throttler {
    /// Telegram answered 429.
    Telegram,
    /// Our own limits, which keep calls below Telegram's; nothing was sent.
    OwnLimits,
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerFault {
    /// It is not the Bot API's JSON envelope.
    #[error("it is not the Bot API's JSON")]
    NotTheEnvelope,
    /// It is the envelope, and its result is not of the expected type.
    #[error("its result is not of the expected type (column {column})")]
    WrongType {
        /// Where in the text, counted in bytes.
        column: usize,
    },
    /// It is longer than the client takes.
    #[error("it is longer than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
}

/// When a failed call may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// The same call will fail again.
    Never,
    /// Whatever the call is: it was not carried out, and may be after this span.
    After(Duration),
    /// Only if being carried out twice does no harm.
    Ambiguous,
}

/// How long to leave a server alone that could not be reached.
const UNREACHABLE: Duration = Duration::from_secs(1);

impl Error {
    /// Whether the token is not accepted. To `getMe` a 404 says the same: see [`Error::is_not_found`].
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Unauthorized { .. })
    }

    /// Whether the method, or the bot, is not known.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// 409: another call was in the way. To `setWebhook` it says that another one, or a `deleteWebhook`, came in between;
    /// to `getUpdates`, that a webhook is set or that somebody else asks for the updates.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.code() == Some(409)
    }

    /// 421: this server does not serve the bot; the number in its token is none, or belongs to another server.
    #[must_use]
    pub fn is_misdirected(&self) -> bool {
        self.code() == Some(421)
    }

    /// 400 `Logged out`: `logOut` was called with this token, and it opens nothing here until it logs in again. The only
    /// answer that its code does not tell from others: this is the one place that reads a sentence.
    #[must_use]
    pub fn is_logged_out(&self) -> bool {
        let says = |text: &str| text.trim_start_matches("Bad Request: ") == "Logged out";
        matches!(self, Self::Refused { code: 400, description, .. } if says(description))
    }

    /// Whether this answer to `method` says that the token is no good: 401 to any, 404 to `getMe`
    /// (docs/TELEGRAM.md: Tokens).
    #[must_use]
    pub fn is_token_refused(&self, method: &str) -> bool {
        self.is_unauthorized() || (self.is_not_found() && method.eq_ignore_ascii_case("getMe"))
    }

    /// Telegram's own sentence, where it gave one. It may quote what was sent; the token it never quotes.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        match self {
            Self::Refused { description, .. }
            | Self::Unauthorized { description }
            | Self::NotFound { description }
            | Self::ServerFault { description, .. } => Some(description),
            _ => None,
        }
        .map(String::as_str)
        .filter(|text| !text.is_empty())
    }

    /// The code that the server answered with, if it answered.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Unauthorized { .. } => Some(401),
            Self::NotFound { .. } => Some(404),
            Self::Throttled {
                by: Throttler::Telegram,
                ..
            } => Some(429),
            Self::ServerFault { status, .. } | Self::UnexpectedAnswer { status, .. } => {
                Some(*status)
            }
            _ => None,
        }
    }

    /// When the call may be tried again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Throttled { retry_after, .. } => Retry::After(*retry_after),
            Self::Network { ambiguous, .. } | Self::TimedOut { ambiguous } if !ambiguous => {
                Retry::After(UNREACHABLE)
            }
            Self::Network { .. } | Self::TimedOut { .. } | Self::ServerFault { .. } => {
                Retry::Ambiguous
            }
            _ => Retry::Never,
        }
    }
}

impl std::fmt::Display for Throttler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Telegram => "Telegram",
            Self::OwnLimits => "the limit on calls",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_says_when_to_try_again() {
        let refused = Error::Refused {
            code: 400,
            description: String::new(),
            migrate_to_chat_id: None,
        };
        assert_eq!(refused.retry(), Retry::Never);
        assert_eq!(refused.description(), None);
        let retry_after = Duration::from_secs(7);
        let by = Throttler::Telegram;
        let throttled = Error::Throttled { retry_after, by };
        assert_eq!(throttled.retry(), Retry::After(retry_after));
        assert_eq!(throttled.to_string(), "Telegram asks to wait 7 s");
        let timed_out = |ambiguous| Error::TimedOut { ambiguous }.retry();
        assert_eq!(timed_out(false), Retry::After(UNREACHABLE));
        assert_eq!(timed_out(true), Retry::Ambiguous);
    }

    #[test]
    fn refusals_are_told_apart_by_code() {
        let refused = |code, text: &str| Error::Refused {
            code,
            description: text.to_owned(),
            migrate_to_chat_id: None,
        };
        let conflict = refused(409, "Conflict: terminated by other setWebhook");
        assert!(conflict.is_conflict() && !conflict.is_misdirected());
        let misdirected = refused(421, "Misdirected Request: unallowed token specified");
        assert!(misdirected.is_misdirected() && !misdirected.is_conflict());
        assert!(refused(400, "Logged out").is_logged_out());
        assert!(!refused(400, "Bad Request: chat not found").is_logged_out());
        assert!(!refused(403, "Logged out").is_logged_out());
    }

    #[test]
    fn a_404_says_that_the_token_is_no_good_to_get_me_alone() {
        let description = String::from("Not Found");
        let missing = Error::NotFound { description };
        assert!(missing.is_token_refused("getme") && !missing.is_token_refused("sendMessage"));
        let description = String::from("Unauthorized");
        assert!(Error::Unauthorized { description }.is_token_refused("sendMessage"));
    }
}
