use diesel::prelude::*;
use store::{Columns as _, Error, ensure_touched};

use crate::notes::{Note, add, all, note, notes, with_notes};

#[tokio::test(flavor = "multi_thread")]
async fn a_row_comes_back_as_it_was_written() {
    with_notes(async |database| {
        let mut connection = database.connect().await.unwrap();
        let full = Note {
            parent: Some(1),
            done: true,
            text: "ä\u{1f600}".into(),
            ..note(2)
        };
        ensure_touched(add(&mut connection, &note(1)).await.unwrap(), 1).unwrap();
        add(&mut connection, &full).await.unwrap();
        assert_eq!(all(&mut connection).await.unwrap(), [note(1), full]);
        let found = connection
            .fetch_one::<Note, _>(notes::table.find(1).select(Note::columns()))
            .await;
        assert_eq!(found.unwrap(), note(1));
        let none = notes::table.find(7).select(Note::columns());
        assert_eq!(
            connection.fetch_optional::<Note, _>(none).await.unwrap(),
            None
        );
        let none = notes::table.find(7).select(Note::columns());
        assert!(matches!(
            connection.fetch_one::<Note, _>(none).await,
            Err(Error::Query(_))
        ));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_rule_has_a_name() {
    with_notes(async |database| {
        let mut connection = database.connect().await.unwrap();
        add(&mut connection, &note(1)).await.unwrap();
        assert!(matches!(
            add(&mut connection, &note(1)).await,
            Err(Error::Conflict(_))
        ));
        let orphan = Note {
            parent: Some(9),
            ..note(2)
        };
        assert!(matches!(
            add(&mut connection, &orphan).await,
            Err(Error::Reference(_))
        ));
        let nonsense = connection.run(diesel::sql_query("SELECT nonsense")).await;
        assert!(matches!(nonsense, Err(Error::Query(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_touched_nothing_is_told() {
    with_notes(async |database| {
        let mut connection = database.connect().await.unwrap();
        let done = diesel::update(notes::table.find(1)).set(notes::done.eq(true));
        let touched = connection.run(done).await.unwrap();
        let error = ensure_touched(touched, 1).unwrap_err();
        assert!(matches!(
            error,
            Error::WrongRows {
                touched: 0,
                expected: 1
            }
        ));
        assert_eq!(error.to_string(), "a write touched 0 rows instead of 1");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_answers_the_rows_it_touched() {
    with_notes(async |database| {
        let mut connection = database.connect().await.unwrap();
        add(&mut connection, &note(1)).await.unwrap();
        let done = diesel::update(notes::table.filter(notes::done.eq(false)))
            .set(notes::done.eq(true))
            .returning(notes::id);
        assert_eq!(connection.fetch::<i64, _>(done).await.unwrap(), [1]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_as_large_as_sqlite_can_bind_and_no_larger() {
    with_notes(async |database| {
        let mut connection = database.connect().await.unwrap();
        let columns = 5;
        let most = 32_766 / columns;
        let batch = |from: i64, count: i64| {
            let rows: Vec<Note> = (from..from + count).map(note).collect();
            diesel::insert_into(notes::table)
                .values(rows)
                .on_conflict_do_nothing()
        };
        assert_eq!(
            connection.run_batch(batch(0, most)).await.unwrap(),
            most as usize
        );
        assert_eq!(
            connection.run_batch(batch(most - 10, 20)).await.unwrap(),
            10
        );
        let beyond_postgres = 65_536 / columns + 1;
        assert!(
            connection
                .run_batch(batch(100_000, beyond_postgres))
                .await
                .is_err()
        );
        let counted: i64 = connection.fetch_one(notes::table.count()).await.unwrap();
        assert_eq!(counted, most + 10);
    })
    .await;
}
