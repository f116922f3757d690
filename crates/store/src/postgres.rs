//! How a connection to Postgres is made.

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::ManagerConfig;
use diesel_async::{AsyncConnection as _, SimpleAsyncConnection as _};
use futures_util::FutureExt as _;

use crate::backend::Postgres;

/// A connection on which a commit is on disk when it answers.
pub(crate) async fn establish(url: &str) -> ConnectionResult<Postgres> {
    let mut link = Postgres::establish(url).await?;
    link.batch_execute(SETUP)
        .await
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(link)
}

pub(crate) fn pool_config() -> ManagerConfig<Postgres> {
    let mut config = ManagerConfig::default();
    config.custom_setup = Box::new(|url| {
        let url = url.to_owned();
        async move { establish(&url).await }.boxed()
    });
    config
}

// A role or a database may have a laxer default; an acknowledged update must be on disk.
const SETUP: &str = "SET synchronous_commit = on";
