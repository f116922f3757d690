//! The two kinds of connection that everything above is written over.

use diesel::SqliteConnection;
use diesel_async::AsyncPgConnection;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;

pub(crate) type Postgres = AsyncPgConnection;
pub(crate) type Sqlite = SyncConnectionWrapper<SqliteConnection>;
