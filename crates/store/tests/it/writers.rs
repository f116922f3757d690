use diesel::prelude::*;
use store::{Columns as _, Database, Error, WriterConnection, ensure_touched};
use tokio::runtime::Handle;

use crate::notes::{Note, add, all, note, notes, with_notes};

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_runs_the_queries_that_a_connection_runs() {
    with_notes(async |database| {
        let kept = on_a_thread(&database, |writer| {
            writer.transaction(|writer| {
                let batch =
                    diesel::insert_into(notes::table).values(vec![note(1), note(2), note(3)]);
                ensure_touched(writer.run_batch(batch)?, 3)?;
                ensure_touched(writer.run(diesel::delete(notes::table.find(2)))?, 1)?;
                let one = writer.fetch_optional(notes::table.find(1).select(Note::columns()))?;
                assert_eq!(one, Some(note(1)));
                writer.fetch::<Note, _>(notes::table.order(notes::id).select(Note::columns()))
            })
        })
        .await;
        assert_eq!(kept.unwrap(), [note(1), note(3)]);
        let mut connection = database.connect().await.unwrap();
        assert_eq!(all(&mut connection).await.unwrap(), [note(1), note(3)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_writer_leaves_nothing_and_can_go_on() {
    with_notes(async |database| {
        let second = on_a_thread(&database, |writer| {
            let failed: Result<(), Error> = writer.transaction(|writer| {
                writer.run(diesel::insert_into(notes::table).values(&note(1)))?;
                writer.run(diesel::insert_into(notes::table).values(&note(1)))?;
                Ok(())
            });
            assert!(matches!(failed, Err(Error::Conflict(_))));
            writer.transaction(|writer| {
                writer.run(diesel::insert_into(notes::table).values(&note(2)))
            })
        })
        .await;
        assert_eq!(second.unwrap(), 1);
        let mut connection = database.connect().await.unwrap();
        assert_eq!(all(&mut connection).await.unwrap(), [note(2)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_and_the_pool_write_side_by_side() {
    with_notes(async |database| {
        let writing = on_a_thread(&database, |writer| {
            for id in 0..200 {
                writer.transaction(|writer| {
                    writer.run(diesel::insert_into(notes::table).values(&note(id)))
                })?;
            }
            Ok(())
        });
        let pooled = async {
            let mut connection = database.connect().await.unwrap();
            for id in 1_000..1_100 {
                add(&mut connection, &note(id)).await.unwrap();
            }
        };
        let (written, ()) = futures_util::future::join(writing, pooled).await;
        written.unwrap();
        assert_eq!(
            all(&mut database.connect().await.unwrap())
                .await
                .unwrap()
                .len(),
            300
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_moves_the_log_when_it_is_told_to() {
    with_notes(async |database| {
        let sqlite = database.url().sqlite_file().is_some();
        let walked = on_a_thread(&database, move |writer| {
            writer.checkpoint()?;
            let before = writer.wal()?;
            for id in 0..50 {
                writer.run(diesel::insert_into(notes::table).values(&note(id)))?;
            }
            let grown = writer.wal()?;
            let after = writer.checkpoint()?;
            assert_eq!([before, grown, after].map(|wal| wal.is_some()), [sqlite; 3]);
            Ok(grown.zip(after))
        })
        .await;
        if let Some((grown, after)) = walked.unwrap() {
            assert!(grown.frames >= 50 && grown.moved == 0, "{grown:?}");
            assert!(after.moved == after.frames, "{after:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_whose_session_was_cut_is_replaced_by_another() {
    with_notes(async |database| {
        if database.url().sqlite_file().is_some() {
            return;
        }
        let added = on_a_thread(&database.clone(), move |writer| {
            let me = diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>(
                "pg_backend_pid()",
            ));
            let me: i32 = writer.fetch_optional(me)?.unwrap();
            let mut other = database.writer(&Handle::current())?;
            other.run(diesel::sql_query(format!(
                "SELECT pg_terminate_backend({me})"
            )))?;
            let failed = writer.transaction(|writer| {
                writer.run(diesel::insert_into(notes::table).values(&note(1)))
            });
            assert!(failed.is_err());
            let mut next = database.writer(&Handle::current())?;
            next.transaction(|next| next.run(diesel::insert_into(notes::table).values(&note(1))))
        })
        .await;
        assert_eq!(added.unwrap(), 1);
    })
    .await;
}

async fn on_a_thread<T: Send + 'static>(
    database: &Database,
    work: impl FnOnce(&mut WriterConnection) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (database, handle) = (database.clone(), Handle::current());
    tokio::task::spawn_blocking(move || work(&mut database.writer(&handle)?))
        .await
        .unwrap()
}
