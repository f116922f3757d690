use std::time::Duration;

use diesel::prelude::*;
use store::{Database, Error, ensure_touched};

use crate::notes::{Note, add, all, note, notes, with_notes};

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_transaction_leaves_nothing() {
    with_notes(async |database| {
        let mut connection = database.connect().await.unwrap();
        let failed: Result<(), Error> = connection
            .transaction(async |connection| {
                add(connection, &note(1)).await?;
                ensure_touched(0, 1)
            })
            .await;
        assert!(matches!(failed, Err(Error::WrongRows { .. })));
        assert_eq!(all(&mut connection).await.unwrap(), []);
        let kept: Result<usize, Error> = connection
            .transaction(async |connection| add(connection, &note(1)).await)
            .await;
        assert_eq!(kept.unwrap(), 1);
        assert_eq!(all(&mut connection).await.unwrap(), [note(1)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_statement_undoes_the_transaction_that_goes_on_with_the_error() {
    with_notes(async |database| {
        let mut connection = database.connect().await.unwrap();
        let failed: Result<(), Error> = connection
            .transaction(async |connection| {
                add(connection, &note(1)).await?;
                add(connection, &note(1)).await.map(drop)
            })
            .await;
        assert!(matches!(failed, Err(Error::Conflict(_))));
        assert_eq!(all(&mut connection).await.unwrap(), []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_transaction_holds_no_lock() {
    with_notes(async |database| {
        for _ in 0..6 {
            let (inside, began) = tokio::sync::oneshot::channel();
            let task = tokio::spawn(hang_inside_a_transaction(database.clone(), inside));
            began.await.unwrap();
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
        let mut connection = database.connect().await.unwrap();
        assert_eq!(add(&mut connection, &note(1)).await.unwrap(), 1);
    })
    .await;
}

async fn hang_inside_a_transaction(
    database: Database,
    inside: tokio::sync::oneshot::Sender<()>,
) -> Result<(), Error> {
    let mut connection = database.connect().await?;
    connection
        .transaction(async |connection| {
            add(connection, &note(1)).await?;
            inside.send(()).unwrap();
            std::future::pending().await
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_transactions_that_read_and_then_write_all_count() {
    with_notes(async |database| {
        add(
            &mut database.connect().await.unwrap(),
            &Note {
                text: "0".into(),
                ..note(1)
            },
        )
        .await
        .unwrap();
        let tasks: Vec<_> = (0..8)
            .map(|_| tokio::spawn(count_up(database.clone(), 10)))
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        let mut connection = database.connect().await.unwrap();
        assert_eq!(all(&mut connection).await.unwrap()[0].text, "80");
    })
    .await;
}

async fn count_up(database: Database, times: u32) -> Result<(), Error> {
    let postgres = database.url().sqlite_file().is_none();
    for _ in 0..times {
        let mut connection = database.connect().await?;
        connection
            .transaction(async |connection| {
                if postgres {
                    // SQLite has the lock from the start; Postgres wants to be asked for it.
                    connection
                        .run(diesel::sql_query("SELECT id FROM notes FOR UPDATE"))
                        .await?;
                }
                let text = notes::table.find(1).select(notes::text);
                let text = connection.fetch_one::<String, _>(text).await?;
                tokio::task::yield_now().await;
                let more = (text.parse::<u32>().unwrap() + 1).to_string();
                let written = diesel::update(notes::table.find(1)).set(notes::text.eq(more));
                ensure_touched(connection.run(written).await?, 1)
            })
            .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "SQLite waits on the wall clock")]
async fn who_finds_the_lock_taken_for_too_long_is_told_so() {
    with_notes(async |database| {
        if database.url().sqlite_file().is_none() {
            return;
        }
        let mut impatient = database.connect().await.unwrap();
        impatient
            .run(diesel::sql_query("PRAGMA busy_timeout = 1"))
            .await
            .unwrap();
        let mut holder = database.connect().await.unwrap();
        let held: Result<(), Error> = holder
            .transaction(async |holder| {
                add(holder, &note(1)).await?;
                let refused = add(&mut impatient, &note(2)).await;
                assert!(matches!(refused, Err(Error::Busy(_))), "{refused:?}");
                let refused: Result<(), Error> = impatient.transaction(async |_| Ok(())).await;
                assert!(matches!(refused, Err(Error::Busy(_))), "{refused:?}");
                Ok(())
            })
            .await;
        held.unwrap();
        tokio::time::timeout(Duration::from_secs(5), add(&mut impatient, &note(2)))
            .await
            .unwrap()
            .unwrap();
    })
    .await;
}
