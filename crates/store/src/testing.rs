//! Runs a test on every database: for this crate's own tests and for the crates that own tables.
//!
//! SQLite always; Postgres too where the variable `MEMBERPASS_TEST_POSTGRES` holds the URL of one, in which each test gets a schema
//! of its own. Without it one line says that Postgres was not tested.

#![expect(clippy::expect_used, reason = "what goes wrong here is a failed test")]

mod silence;

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel_async::{AsyncConnection as _, SimpleAsyncConnection as _};

use crate::backend::Postgres;
use crate::database::Database;
use crate::migrations::Schema;
use crate::url::{DatabaseUrl, Place};

pub use self::silence::Silence;

/// Runs a test on a fresh, migrated database of each kind. The test needs tokio's multi-threaded runtime.
///
/// # Panics
/// When a database cannot be made or migrated: then the test has failed.
pub async fn on_every_database(schema: Schema, test: impl AsyncFn(Database)) {
    on_every_empty_database(async |url| {
        let database = Database::open(&url, 4)
            .await
            .expect("the test's database opens");
        database
            .migrate(schema)
            .await
            .expect("the test's database is migrated");
        test(database).await;
    })
    .await;
}

/// Runs a test on the URL of a fresh, empty database of each kind.
///
/// # Panics
/// When a database cannot be made: then the test has failed.
pub async fn on_every_empty_database(test: impl AsyncFn(DatabaseUrl)) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    test(DatabaseUrl::of_sqlite_file(folder.path().join("test.db"))).await;
    let Some(base) = postgres() else { return };
    let name = format!(
        "test_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let mut admin = Postgres::establish(&base)
        .await
        .expect("the Postgres for tests answers");
    admin
        .batch_execute(&format!("CREATE SCHEMA {name}"))
        .await
        .expect("a schema can be made");
    let mark = if base.contains('?') { '&' } else { '?' };
    let url = format!("{base}{mark}options=-csearch_path%3D{name}");
    test(url.parse().expect("the URL for tests is one of Postgres")).await;
    admin
        .batch_execute(&format!("DROP SCHEMA {name} CASCADE"))
        .await
        .expect("the schema can be dropped");
}

/// A URL as it was written: for a process that a test starts on the same database.
#[must_use]
pub fn text_of(url: &DatabaseUrl) -> String {
    match &url.0 {
        Place::Postgres(text) => text.clone(),
        Place::Sqlite(path) => format!("sqlite:{}", path.display()),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests alone; here they learn where a Postgres is"
)]
#[expect(
    clippy::print_stderr,
    reason = "a test must not be left out in silence"
)]
fn postgres() -> Option<String> {
    static SAID: Once = Once::new();
    let url = std::env::var("MEMBERPASS_TEST_POSTGRES").ok();
    if url.is_none() {
        SAID.call_once(|| {
            eprintln!("Postgres was not tested: MEMBERPASS_TEST_POSTGRES names none");
        });
    }
    url
}

static NEXT: AtomicU32 = AtomicU32::new(0);
