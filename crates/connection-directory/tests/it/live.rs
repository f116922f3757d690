//! The live map.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use clock::Clock;
use connection_directory::{Connection, Directory, Status, Update};
use ids::TokenVersion;

use super::{connection, on_every_database, registration, sealed_under};

#[tokio::test(flavor = "multi_thread")]
async fn a_known_connection_is_answered_without_the_database() {
    on_every_database(async |_, database, _| {
        let record = Connection {
            sealed_token: Some(sealed_under(1)),
            ..connection(1)
        };
        let directory = Directory::open(database.clone(), Clock::manual().0);
        directory.connection_insert(&record).await.unwrap();
        let cold = Directory::open(database.clone(), Clock::manual().0);
        assert!(cold.live(&connection(2).id).await.unwrap().is_none());
        let first = cold.live(&record.id).await.unwrap().unwrap();
        assert_eq!(first.project, record.project);
        assert_eq!(first.telegram_bot_id, record.telegram_bot_id);
        assert_eq!(first.current, record.current);
        assert_eq!(first.token_version, record.token_version);

        // With the table gone, only memory can answer; and it does so at the first poll.
        let drop_table = diesel::sql_query("DROP TABLE connections");
        database
            .connect()
            .await
            .unwrap()
            .run(drop_table)
            .await
            .unwrap();
        let mut again = pin!(cold.live(&record.id));
        let polled = again.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let std::task::Poll::Ready(Ok(Some(again))) = polled else {
            panic!("it was not answered at once")
        };
        assert!(Arc::ptr_eq(&first, &again));
        assert!(cold.live(&connection(2).id).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_the_one_in_use_whether_it_is_held_or_not() {
    on_every_database(async |directory, database, _| {
        let mut record = Connection {
            sealed_token: Some(sealed_under(1)),
            ..connection(1)
        };
        directory.connection_insert(&record).await.unwrap();
        let id = record.id.clone();
        let token = async || {
            let (live, sealed) = directory.live_with_token(&id).await.unwrap().unwrap();
            (live.token_version, sealed.map(|sealed| (*sealed).clone()))
        };
        // Twice each: from the database, then from memory.
        for key in [1, 2, 3] {
            record.token_version = TokenVersion::new(key);
            record.sealed_token = Some(sealed_under(key));
            let updated = directory.connection_update(&mut record).await.unwrap();
            assert_eq!(updated, Update::Updated);
            for _ in 0..2 {
                let expected = (record.token_version, record.sealed_token.clone());
                assert_eq!(token().await, expected);
            }
        }
        let drop_table = diesel::sql_query("ALTER TABLE connections RENAME TO away");
        let mut link = database.connect().await.unwrap();
        link.run(drop_table).await.unwrap();
        assert_eq!(token().await.1, Some(sealed_under(3)), "it is held");
        let back = diesel::sql_query("ALTER TABLE away RENAME TO connections");
        link.run(back).await.unwrap();
        drop(link);
        record.sealed_token = None;
        let updated = directory.connection_update(&mut record).await.unwrap();
        assert_eq!(updated, Update::Updated);
        assert_eq!(token().await.1, None);
        let unknown = directory.live_with_token(&connection(2).id).await.unwrap();
        assert!(unknown.is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_shows_before_it_is_answered() {
    on_every_database(async |directory, _, _| {
        let mut record = connection(1);
        directory.connection_insert(&record).await.unwrap();
        for generation in 2..20 {
            record.current = registration(generation, 1);
            record.status = Status::Active;
            let updated = directory.connection_update(&mut record).await.unwrap();
            assert_eq!(updated, Update::Updated);
            let live = directory.live(&record.id).await.unwrap().unwrap();
            assert_eq!(live.current, record.current);
            assert!(live.is_active());
        }
        let new = Connection {
            project: record.project.clone(),
            ..connection(2)
        };
        record.status = Status::Disconnected;
        let replaced = directory
            .connection_replace(&mut record, &new)
            .await
            .unwrap();
        assert_eq!(replaced, Update::Updated);
        let live = directory.live(&record.id).await.unwrap().unwrap();
        assert_eq!(live.status, Status::Disconnected);
        assert!(directory.live(&new.id).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_nobody_waits_for_still_reaches_the_map() {
    on_every_database(async |directory, _, _| {
        let record = connection(1);
        directory.connection_insert(&record).await.unwrap();
        let mut changed = Connection {
            status: Status::Active,
            ..record.clone()
        };
        {
            let mut write = pin!(directory.connection_update(&mut changed));
            let _ = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
        while !directory
            .live(&record.id)
            .await
            .unwrap()
            .unwrap()
            .is_active()
        {
            tokio::task::yield_now().await;
        }
        let found = directory
            .connection_find(&record.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((found.version, found.status), (2, Status::Active));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_never_see_the_map_go_back() {
    on_every_database(async |directory, _, _| {
        let mut record = connection(1);
        directory.connection_insert(&record).await.unwrap();
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let (directory, id) = (directory.clone(), record.id.clone());
                tokio::spawn(async move {
                    let mut seen = 0;
                    while seen < LAST {
                        let live = directory.live(&id).await.unwrap().unwrap();
                        let generation = live.current.generation.value();
                        assert!(generation >= seen, "{generation} after {seen}");
                        seen = generation;
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        for generation in 2..=LAST {
            // A stale write makes the map forget, so that readers look up while the next write is under way.
            let mut stale = Connection {
                version: 0,
                ..record.clone()
            };
            assert_eq!(
                directory.connection_update(&mut stale).await.unwrap(),
                Update::Stale
            );
            record.current = registration(generation, 1);
            assert_eq!(
                directory.connection_update(&mut record).await.unwrap(),
                Update::Updated
            );
        }
        for reader in readers {
            reader.await.unwrap();
        }
    })
    .await;
}

const LAST: u32 = 40;
