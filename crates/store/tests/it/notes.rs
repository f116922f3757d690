//! A table for the tests, on every database.

use diesel::prelude::*;
use store::testing::on_every_empty_database;
use store::{Columns as _, Connection, Database, Result};

diesel::table! {
    notes (id) {
        id -> BigInt,
        parent -> Nullable<BigInt>,
        text -> Text,
        body -> Binary,
        done -> Bool,
    }
}

#[derive(Clone, Debug, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = notes, check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct Note {
    pub(crate) id: i64,
    pub(crate) parent: Option<i64>,
    pub(crate) text: String,
    pub(crate) body: Vec<u8>,
    pub(crate) done: bool,
}

pub(crate) fn note(id: i64) -> Note {
    Note {
        id,
        parent: None,
        text: "draft".into(),
        body: vec![0, 255],
        done: false,
    }
}

pub(crate) async fn add(connection: &mut Connection, note: &Note) -> Result<usize> {
    connection
        .run(diesel::insert_into(notes::table).values(note))
        .await
}

pub(crate) async fn all(connection: &mut Connection) -> Result<Vec<Note>> {
    connection
        .fetch(notes::table.order(notes::id).select(Note::columns()))
        .await
}

/// Runs a test on each database, with the empty table in it.
pub(crate) async fn with_notes(test: impl AsyncFn(Database)) {
    on_every_empty_database(async |url| {
        let database = Database::open(&url, 4).await.unwrap();
        let bytes = if url.sqlite_file().is_some() {
            "BLOB"
        } else {
            "BYTEA"
        };
        let table = format!(
            "CREATE TABLE notes (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES notes (id), \
             text TEXT NOT NULL, body {bytes} NOT NULL, done BOOLEAN NOT NULL)"
        );
        database
            .connect()
            .await
            .unwrap()
            .run(diesel::sql_query(table))
            .await
            .unwrap();
        test(database).await;
    })
    .await;
}
