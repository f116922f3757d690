use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;

/// What a connection is, apart from any change of it that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum Status {
    /// It holds its project and its bot; its webhook is not confirmed yet. Updates may come already.
    Connecting,
    /// Telegram has shown our webhook.
    Active,
    /// The record is kept, and holds neither project nor bot. Updates that still come are ignored.
    Disconnected,
}

impl Status {
    /// Its name in the database and in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Active => "active",
            Self::Disconnected => "disconnected",
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<DB: Backend> ToSql<Text, DB> for Status
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        <str as ToSql<Text, DB>>::to_sql(self.as_str(), out)
    }
}

impl<DB: Backend> FromSql<Text, DB> for Status
where
    String: FromSql<Text, DB>,
{
    fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
        match <String as FromSql<Text, DB>>::from_sql(raw)?.as_str() {
            "connecting" => Ok(Self::Connecting),
            "active" => Ok(Self::Active),
            "disconnected" => Ok(Self::Disconnected),
            _ => Err("a connection's status is none that this version knows".into()),
        }
    }
}
