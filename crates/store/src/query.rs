//! What a query must be, to run on both databases, from a pool's connection and from a writer's.
//!
//! All four traits are implemented for whatever diesel can run on both; nobody implements them by hand. A query that only one
//! database understands does not compile where one of them is asked for.

use diesel::query_dsl::methods::{ExecuteDsl as ExecuteNow, LoadQuery as LoadNow};
use diesel::{Selectable, SqliteConnection};
use diesel_async::methods::{ExecuteDsl, LoadQuery};

use crate::backend::{Postgres, Sqlite};

/// A query that answers rows.
pub trait Fetch<'q, Row>:
    LoadQuery<'q, Postgres, Row>
    + LoadQuery<'q, Sqlite, Row>
    + LoadNow<'q, SqliteConnection, Row>
    + Send
    + 'q
{
}

impl<'q, Row, Q> Fetch<'q, Row> for Q where
    Q: LoadQuery<'q, Postgres, Row>
        + LoadQuery<'q, Sqlite, Row>
        + LoadNow<'q, SqliteConnection, Row>
        + Send
        + 'q
{
}

/// A statement that answers how many rows it touched.
pub trait Statement:
    ExecuteDsl<Postgres> + ExecuteDsl<Sqlite> + ExecuteNow<SqliteConnection> + Send
{
}

impl<Q> Statement for Q where
    Q: ExecuteDsl<Postgres> + ExecuteDsl<Sqlite> + ExecuteNow<SqliteConnection> + Send
{
}

/// A many-row insert. It owns its rows.
pub trait Batch: ExecuteDsl<Postgres> + ExecuteNow<SqliteConnection> + Send + 'static {}

impl<Q> Batch for Q where Q: ExecuteDsl<Postgres> + ExecuteNow<SqliteConnection> + Send + 'static {}

/// A model's columns in field order. `as_select` would name a database; this names none.
///
/// For models that derive `Selectable` with `check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite)`.
pub trait Columns: Selectable<diesel::pg::Pg> {
    /// What to give to `select` or `returning`.
    #[must_use]
    fn columns() -> Self::SelectExpression {
        Self::construct_selection()
    }
}

impl<Model> Columns for Model where Model: Selectable<diesel::pg::Pg> {}
