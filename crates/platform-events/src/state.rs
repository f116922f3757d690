use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;

/// Whether an endpoint is sent anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum EndpointState {
    /// It is sent what it wants.
    On,
    /// Its owner turned it off. New events pass it by; what waits for it goes on waiting.
    Off,
    /// Too many deliveries in a row failed. What it wants waits for it.
    Disabled,
}

/// What became of a delivery so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum DeliveryState {
    /// It is still to be tried, or tried again.
    Waiting,
    /// The endpoint took it.
    Delivered,
    /// It failed too often and is not tried any more, unless it is replayed.
    Dead,
}

/// Makes an enum of words a column of text.
macro_rules! words {
    ($name:ident, $what:literal, $($value:ident => $word:literal),+) => {
        impl $name {
            /// Its name in the database and in answers.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl<DB: Backend> ToSql<Text, DB> for $name
        where
            str: ToSql<Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                <str as ToSql<Text, DB>>::to_sql(self.as_str(), out)
            }
        }

        impl<DB: Backend> FromSql<Text, DB> for $name
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
                match <String as FromSql<Text, DB>>::from_sql(raw)?.as_str() {
                    $($word => Ok(Self::$value),)+
                    _ => Err(concat!($what, " is none that this version knows").into()),
                }
            }
        }
    };
}

words!(EndpointState, "an endpoint's state", On => "on", Off => "off", Disabled => "disabled");
words!(DeliveryState, "a delivery's state", Waiting => "waiting", Delivered => "delivered", Dead => "dead");
