use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;

/// Declares the outcomes once: variant, name in the database and in the API, documentation.
macro_rules! outcomes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// How a request to the webhook endpoint ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
        #[diesel(sql_type = Text)]
        #[non_exhaustive]
        pub enum Outcome {
            $($(#[$doc])* $variant,)*
        }

        impl Outcome {
            /// Every outcome.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// Its name in the database and in the API.
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
    /// There was no room to take it in now: Telegram was asked to come again.
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
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<DB: Backend> ToSql<Text, DB> for Outcome
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        <str as ToSql<Text, DB>>::to_sql(self.as_str(), out)
    }
}

impl<DB: Backend> FromSql<Text, DB> for Outcome
where
    String: FromSql<Text, DB>,
{
    fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let name = <String as FromSql<Text, DB>>::from_sql(raw)?;
        Self::named(&name).ok_or_else(|| format!("unknown outcome {name:?}").into())
    }
}
