/// Declares the outcomes once: variant, name in the API, documentation. The log holds each by its place in this list: new ones go
/// to the end, and none ever leaves.
macro_rules! outcomes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// How a request to the webhook endpoint ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Outcome {
            $($(#[$doc])* $variant,)*
        }

        impl Outcome {
            /// Every outcome.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// Its name in the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

outcomes! {
    /// Stored, and acknowledged with 200.
    Accepted = "accepted",
    /// Stored before; acknowledged again.
    Duplicate = "duplicate",
    /// For a connection that its owner disconnected: acknowledged and forgotten.
    IgnoredDisconnected = "ignored_disconnected",
    /// From Telegram, but not readable as an update: kept aside and acknowledged.
    Quarantined = "quarantined",
    /// The path is none of ours, or one that is no longer accepted.
    RejectedUnknownPath = "rejected_unknown_path",
    /// The path is ours, the secret header is wrong, missing or there twice.
    RejectedWrongSecret = "rejected_wrong_secret",
    /// The body is longer than an update can be.
    RejectedTooLarge = "rejected_too_large",
    /// Another method than POST.
    RejectedBadMethod = "rejected_bad_method",
    /// There was no room to take it in now: Telegram was asked to come again, or, where there was no place for its connection, got no
    /// answer.
    RejectedOverloaded = "rejected_overloaded",
    /// It could not be stored: Telegram was asked to come again.
    RejectedUnavailable = "rejected_unavailable",
    /// It did not come in time.
    RejectedTimedOut = "rejected_timed_out",
    /// The connection ended before it was answered.
    RejectedCut = "rejected_cut",
    /// Not HTTP, or not well formed.
    RejectedMalformed = "rejected_malformed",
}

impl Outcome {
    /// The outcome of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// What stands for it in the log.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn coded(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_keeps_its_code() {
        assert_eq!(Outcome::Accepted.code(), 0);
        assert_eq!(Outcome::RejectedUnknownPath.code(), 4);
        assert_eq!(Outcome::RejectedMalformed.code(), 12);
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::coded(outcome.code()), Some(outcome));
            assert_eq!(Outcome::named(outcome.as_str()), Some(outcome));
        }
        assert_eq!(Outcome::coded(13), None);
    }
}
