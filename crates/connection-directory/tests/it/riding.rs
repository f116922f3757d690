//! What is written together with a record's change.

use std::sync::Arc;

use connection_directory::{Connection, Error, Rider, Status, Update};
use diesel::sql_types::BigInt;
use store::Database;

use super::{connection, on_every_database, project};

#[tokio::test(flavor = "multi_thread")]
async fn what_rides_is_written_exactly_when_the_record_is() {
    on_every_database(async |directory, database, _| {
        make_notes(&database).await;
        let mut record = connection(1);
        directory.connection_insert(&record).await.unwrap();
        let mut late = record.clone();
        let updated = directory
            .connection_update_with(&mut record, Some(note()))
            .await
            .unwrap();
        assert_eq!((updated, notes(&database).await), (Update::Updated, 1));

        let updated = directory
            .connection_update_with(&mut late, Some(note()))
            .await
            .unwrap();
        assert_eq!((updated, notes(&database).await), (Update::Stale, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rider_that_fails_takes_the_change_back() {
    on_every_database(async |directory, database, _| {
        make_notes(&database).await;
        let mut record = connection(1);
        directory.connection_insert(&record).await.unwrap();
        let before = record.clone();
        record.status = Status::Active;
        let written = directory
            .connection_update_with(&mut record, Some(fails()))
            .await;
        assert!(matches!(written, Err(Error::Store(_))), "{written:?}");
        let found = directory.connection_find(&record.id).await.unwrap();
        assert_eq!((found, notes(&database).await), (Some(before.clone()), 0));
        let live = directory.live(&record.id).await.unwrap().unwrap();
        assert_eq!(live.status, Status::Connecting);
        // The copy is as good as it was.
        record.name = Some("again".into());
        let updated = directory
            .connection_update_with(&mut record, Some(note()))
            .await;
        assert_eq!(updated.unwrap(), Update::Updated);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rides_with_a_replacement_is_written_with_both_records_or_with_neither() {
    on_every_database(async |directory, database, _| {
        make_notes(&database).await;
        let mut old = connection(1);
        directory.connection_insert(&old).await.unwrap();
        let new = Connection {
            project: project(1),
            ..connection(2)
        };
        old.status = Status::Disconnected;
        let mut stale = Connection {
            version: 7,
            ..old.clone()
        };
        let replaced = directory
            .connection_replace_with(&mut stale, &new, Some(note()))
            .await;
        assert_eq!(replaced.unwrap(), Update::Stale);
        assert_eq!(notes(&database).await, 0);
        let failed = directory
            .connection_replace_with(&mut old, &new, Some(fails()))
            .await;
        assert!(matches!(failed, Err(Error::Store(_))), "{failed:?}");
        assert_eq!(directory.connection_find(&new.id).await.unwrap(), None);
        let replaced = directory
            .connection_replace_with(&mut old, &new, Some(note()))
            .await;
        assert_eq!(replaced.unwrap(), Update::Updated);
        assert_eq!(notes(&database).await, 1);
    })
    .await;
}

/// Writes a note.
fn note() -> Rider {
    Arc::new(|link| {
        Box::pin(async move {
            let note = diesel::sql_query("INSERT INTO notes (n) VALUES (1)");
            link.run(note).await.map(drop)
        })
    })
}

/// Writes a note, and fails.
fn fails() -> Rider {
    Arc::new(|link| {
        Box::pin(async move {
            let note = diesel::sql_query("INSERT INTO notes (n) VALUES (2)");
            link.run(note).await?;
            let missing = diesel::sql_query("INSERT INTO nowhere (n) VALUES (1)");
            link.run(missing).await.map(drop)
        })
    })
}

async fn make_notes(database: &Database) {
    let table = diesel::sql_query("CREATE TABLE notes (n BIGINT NOT NULL)");
    let mut link = database.connect().await.unwrap();
    link.run(table).await.unwrap();
}

async fn notes(database: &Database) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let count = diesel::sql_query("SELECT count(*) AS n FROM notes");
    let mut link = database.connect().await.unwrap();
    let found: Vec<Count> = link.fetch(count).await.unwrap();
    found[0].n
}
