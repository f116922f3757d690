use diesel_async::pooled_connection::bb8::PooledConnection;
use diesel_async::{RunQueryDsl, methods};

use crate::backend::{Postgres, Sqlite};
use crate::error::Result;
use crate::patience::Patience;
use crate::query::{Batch, Fetch, Statement};

/// A connection taken from the pool; it goes back when dropped.
pub struct Connection(pub(crate) Link);

pub(crate) enum Link {
    Postgres(Box<Pooled>),
    Sqlite(PooledConnection<'static, Sqlite>),
}

/// A connection to Postgres, and how long its answers are waited for.
pub(crate) struct Pooled {
    pub(crate) link: PooledConnection<'static, Postgres>,
    pub(crate) patience: Patience,
}

impl Connection {
    /// All rows that a query answers.
    ///
    /// # Errors
    /// As every method here: [`Error::Busy`](crate::Error::Busy), [`Error::Connect`](crate::Error::Connect),
    /// [`Error::Query`](crate::Error::Query), and from writes [`Error::Conflict`](crate::Error::Conflict) and
    /// [`Error::Reference`](crate::Error::Reference).
    pub async fn fetch<'q, Row, Q>(&mut self, query: Q) -> Result<Vec<Row>>
    where
        Row: Send + 'static,
        Q: Fetch<'q, Row>,
    {
        Ok(match &mut self.0 {
            Link::Postgres(pooled) => {
                let Pooled { link, patience } = &mut **pooled;
                patience.wait(RunQueryDsl::load(query, &mut **link)).await?
            }
            Link::Sqlite(link) => RunQueryDsl::load(query, &mut **link).await,
        }?)
    }

    /// The first row that a query answers.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch); [`Error::Query`](crate::Error::Query) too when there is no row.
    pub async fn fetch_one<'q, Row, Q>(&mut self, query: Q) -> Result<Row>
    where
        Row: Send + 'static,
        Q: Fetch<'q, Row>,
    {
        self.fetch_optional(query)
            .await?
            .ok_or_else(|| diesel::result::Error::NotFound.into())
    }

    /// The first row that a query answers, if it answers one.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub async fn fetch_optional<'q, Row, Q>(&mut self, query: Q) -> Result<Option<Row>>
    where
        Row: Send + 'static,
        Q: Fetch<'q, Row>,
    {
        use diesel::OptionalExtension as _;
        Ok(match &mut self.0 {
            Link::Postgres(pooled) => {
                let Pooled { link, patience } = &mut **pooled;
                patience
                    .wait(RunQueryDsl::get_result(query, &mut **link))
                    .await?
            }
            Link::Sqlite(link) => RunQueryDsl::get_result(query, &mut **link).await,
        }
        .optional()?)
    }

    /// Runs a statement and answers how many rows it touched; see [`ensure_touched`](crate::ensure_touched).
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub async fn run<Q: Statement>(&mut self, statement: Q) -> Result<usize> {
        Ok(match &mut self.0 {
            Link::Postgres(pooled) => {
                let Pooled { link, patience } = &mut **pooled;
                let work = <Q as methods::ExecuteDsl<Postgres>>::execute(statement, link);
                patience.wait(work).await?
            }
            Link::Sqlite(link) => {
                <Q as methods::ExecuteDsl<Sqlite>>::execute(statement, link).await
            }
        }?)
    }

    /// Runs a many-row insert and answers how many rows it added.
    ///
    /// SQLite binds at most 32,766 values in one statement and Postgres 65,535: rows times columns must stay below.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub async fn run_batch<Q: Batch>(&mut self, statement: Q) -> Result<usize> {
        Ok(match &mut self.0 {
            Link::Postgres(pooled) => {
                let Pooled { link, patience } = &mut **pooled;
                let work = <Q as methods::ExecuteDsl<Postgres>>::execute(statement, link);
                patience.wait(work).await?
            }
            // diesel-async cannot write a many-row VALUES for SQLite, but diesel can.
            Link::Sqlite(link) => {
                link.spawn_blocking(move |sqlite| {
                    diesel::query_dsl::methods::ExecuteDsl::execute(statement, sqlite)
                })
                .await
            }
        }?)
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.0 {
            Link::Postgres(_) => "Connection(postgres)",
            Link::Sqlite(_) => "Connection(sqlite)",
        })
    }
}
