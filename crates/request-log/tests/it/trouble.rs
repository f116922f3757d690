use std::time::Duration;

use diesel::sql_query;
use request_log::{Became, Config, Error, Filter, RequestLog, UpdateRecord};
use store::testing::on_every_empty_database;
use store::{Database, Schema};

use crate::harness::{accepted, connection, held_back, rejected, stands_for, with_log};

#[tokio::test(flavor = "multi_thread")]
async fn records_are_written_without_being_asked_for() {
    with_log(Config::default(), async |logged| {
        logged.log.record(accepted(logged.at(0), 1, 1));
        let rows = async || {
            let page = logged.log.requests_list(&Filter::default(), None, 9).await;
            page.unwrap().requests.len()
        };
        while rows().await == 0 {
            tokio::task::yield_now().await;
        }
        logged.log.record(rejected(logged.at(0), "192.0.2.1"));
        while rows().await == 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fails_for_a_while_loses_nothing() {
    with_log(Config::default(), async |logged| {
        let mut connection = logged.database.connect().await.unwrap();
        let rename = |from: &str, to: &str| sql_query(format!("ALTER TABLE {from} RENAME TO {to}"));
        connection
            .run(rename("request_segments", "gone"))
            .await
            .unwrap();
        for update_id in 0..50 {
            logged.log.record(accepted(logged.at(0), 1, update_id));
        }
        while logged.log.counts().failed_writes == 0 {
            tokio::task::yield_now().await;
        }
        for update_id in 50..100 {
            logged.log.record(accepted(logged.at(0), 1, update_id));
        }
        connection
            .run(rename("gone", "request_segments"))
            .await
            .unwrap();
        drop(connection);
        let rows = logged.all().await;
        assert_eq!((rows.len(), stands_for(&rows)), (100, 100));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_writes_what_waits_and_counts_what_comes_later() {
    with_log(held_back(), async |logged| {
        for host in 0..100 {
            logged
                .log
                .record(rejected(logged.at(0), &format!("192.0.2.{host}")));
        }
        logged.log.handled(UpdateRecord {
            connection: connection(1),
            update_id: 1,
            at: logged.at(0),
            what: Became::Handled,
            handler_us: 1,
        });
        logged.log.close().await;
        logged.log.close().await;
        let page = logged
            .log
            .requests_list(&Filter::default(), None, 1_000)
            .await;
        assert_eq!(stands_for(&page.unwrap().requests), 100);

        logged.log.record(accepted(logged.at(0), 1, 1));
        assert_eq!(logged.log.counts().overflowed, 1);
        assert!(matches!(logged.log.flush().await, Err(Error::Closed)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_not_held_up_by_a_database_that_fails() {
    on_every_empty_database(async |url| {
        let database = Database::open(&url, 2).await.unwrap();
        database.migrate(Schema::Requests).await.unwrap();
        let (clock, _hands) = clock::Clock::manual();
        let log = RequestLog::start(database.clone(), held_back(), clock.clone())
            .await
            .unwrap();
        log.record(accepted(clock.now(), 1, 1));
        let mut connection = database.connect().await.unwrap();
        connection
            .run(sql_query("DROP TABLE request_segments"))
            .await
            .unwrap();
        log.close().await;
        assert_eq!(log.counts().failed_writes, 1);
        drop(connection);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_from_many_threads_are_all_there() {
    let config = Config {
        batch: 64,
        linger: Duration::from_millis(1),
        ..Config::default()
    };
    with_log(config, async |logged| {
        let threads: Vec<_> = (1..=4)
            .map(|of| {
                let (log, at) = (logged.log.clone(), logged.at(0));
                tokio::task::spawn_blocking(move || {
                    for update_id in 0..1_000 {
                        log.record(accepted(at, of, update_id));
                        log.record(rejected(at, "192.0.2.1"));
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.await.unwrap();
        }
        assert_eq!(stands_for(&logged.all().await), 8_000);
    })
    .await;
}
