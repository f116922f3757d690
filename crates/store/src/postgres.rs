//! How a connection to Postgres is made.

use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::{ManagerConfig, RecyclingMethod};
use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use futures_util::FutureExt as _;
use tokio_postgres::{Config, NoTls};

use crate::backend::Postgres;
use crate::error::{Error, Result};
use crate::patience::{Patience, within};

/// A connection on which a commit is on disk when it answers, and which nobody holds on to when its other end is gone.
pub(crate) async fn establish(url: &str) -> Result<Postgres> {
    let config = config(url)?;
    let limit = limit(&config);
    let link = within(limit, open(config, setup(limit))).await?;
    link.map_err(|error| Error::Connect(error.into()))
}

/// A connection that may take its time over a statement, and may wait for another's lock: for migrations.
pub(crate) async fn establish_unhurried(url: &str) -> Result<Postgres> {
    let mut link = establish(url).await?;
    link.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        .await?;
    Ok(link)
}

/// How long answers of this Postgres are waited for: the URL's `tcp_user_timeout`, or 15 s.
pub(crate) fn patience(url: &str) -> Patience {
    Patience::new(config(url).map_or(PATIENCE, |config| limit(&config)))
}

pub(crate) fn pool_config() -> ManagerConfig<Postgres> {
    let mut config = ManagerConfig::default();
    config.custom_setup = Box::new(|url| {
        let url = url.to_owned();
        async move {
            establish(&url).await.map_err(|error| {
                // The pool passes on a text alone.
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                ConnectionError::BadConnection(cause.unwrap_or_else(|| error.to_string()))
            })
        }
        .boxed()
    });
    // One that has waited in the pool may have lost its other end meanwhile. Nobody else may be kept waiting for it long.
    config.recycling_method = RecyclingMethod::CustomFunction(Box::new(|link| {
        async {
            let one = diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>("TRUE"));
            match within(LIFE_SIGN, one.get_result::<bool>(link)).await {
                Ok(answer) => answer.map(drop),
                Err(silent) => Err(diesel::result::Error::QueryBuilderError(silent.into())),
            }
        }
        .boxed()
    }));
    config
}

async fn open(config: Config, setup: String) -> ConnectionResult<Postgres> {
    let (client, connection) = config
        .connect(NoTls)
        .await
        .map_err(|error| ConnectionError::BadConnection(error.to_string()))?;
    let mut link = Postgres::try_from_client_and_connection(client, connection).await?;
    link.batch_execute(&setup)
        .await
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(link)
}

fn config(url: &str) -> Result<Config> {
    let mut config: Config = url.parse().map_err(|_| Error::Url)?;
    let limit = limit(&config);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(limit);
    }
    // What was sent and not acknowledged, and a connection on which nothing is sent.
    config.tcp_user_timeout(limit);
    config
        .keepalives_idle(limit)
        .keepalives_interval(KEEPALIVE_EVERY)
        .keepalives_retries(KEEPALIVES);
    Ok(config)
}

fn limit(config: &Config) -> Duration {
    config.get_tcp_user_timeout().copied().unwrap_or(PATIENCE)
}

/// What Postgres is told. Its own limits end what a client left behind that is gone: locks, above all that on the inbox's numbers,
/// and the claim on the database.
fn setup(limit: Duration) -> String {
    let limit = limit.as_millis();
    let (lock, statement) = (limit * 2 / 3, limit * 4 / 3);
    // A role or a database may have a laxer default; an acknowledged update must be on disk.
    format!(
        "SET synchronous_commit = on; SET lock_timeout = {lock}; SET statement_timeout = {statement}; \
         SET idle_in_transaction_session_timeout = {limit}; \
         SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
    )
}

const PATIENCE: Duration = Duration::from_secs(15);

/// How long a connection that comes from the pool may take to say that it lives.
const LIFE_SIGN: Duration = Duration::from_secs(2);

const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);
const KEEPALIVES: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_says_how_long_postgres_may_be_silent() {
        let limit = |url| limit(&config(url).unwrap());
        assert_eq!(limit("postgres://me@localhost/x"), PATIENCE);
        let url = "postgres://me@localhost/x?tcp_user_timeout=3&connect_timeout=7";
        assert_eq!(limit(url), Duration::from_secs(3));
        let config = config(url).unwrap();
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(7)));
        assert!(setup(Duration::from_secs(3)).contains("lock_timeout = 2000;"));
    }
}
