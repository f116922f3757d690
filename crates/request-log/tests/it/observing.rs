//! What observers are shown, when, and what they cannot spoil.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clock::Clock;
use diesel::sql_query;
use request_log::{
    Became, Config, Observers, Outcome, RequestLog, RequestRecord, Seen, UpdateRecord,
};
use store::Database;

use crate::harness::{Logged, accepted, connection, held_back, project, rejected, with_log};

/// What an observer wrote down.
#[derive(Clone, Debug, PartialEq)]
enum Noted {
    Request(Outcome, Option<i64>),
    Update(i64, Became),
}

fn note(seen: Seen<'_>) -> Noted {
    match seen {
        Seen::Request(record) => Noted::Request(record.outcome, record.update_id),
        Seen::Update(record) => Noted::Update(record.update_id, record.what.clone()),
    }
}

async fn observed(logged: &Logged, config: Config) -> (RequestLog, Receiver<Noted>) {
    let (notes, noted) = channel();
    let observers = Observers::none().with(move |seen| notes.send(note(seen)).unwrap());
    let log = started(&logged.database, config, observers).await;
    (log, noted)
}

async fn started(database: &Database, config: Config, observers: Observers) -> RequestLog {
    RequestLog::start_with(database.clone(), config, Clock::system(), observers)
        .await
        .unwrap()
}

fn settled(update_id: i64) -> UpdateRecord {
    UpdateRecord {
        connection: connection(1),
        update_id,
        at: clock::Timestamp::from_unix_us(5),
        what: Became::Dead {
            reason: "it panicked".into(),
        },
        handler_us: 7,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_shown_in_order_and_folded_requests_too() {
    with_log(held_back(), async |logged| {
        let config = Config {
            full_per_prefix: 2,
            ..held_back()
        };
        let (log, noted) = observed(&logged, config).await;
        log.record(accepted(logged.at(0), 1, 9));
        log.handled(settled(9));
        for _ in 0..50 {
            log.record(rejected(logged.at(0), "192.0.2.1"));
        }
        log.flush().await.unwrap();
        let noted: Vec<_> = noted.try_iter().collect();
        let dead = settled(9).what;
        assert_eq!(noted[0], Noted::Request(Outcome::Accepted, Some(9)));
        assert_eq!(noted[1], Noted::Update(9, dead));
        let rest = vec![Noted::Request(Outcome::RejectedUnknownPath, None); 50];
        assert_eq!(noted[2..], rest);
        assert_eq!((log.counts().folded, log.counts().unseen), (48, 0));
        log.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_shown_whole() {
    with_log(held_back(), async |logged| {
        let shown: Arc<Mutex<Vec<RequestRecord>>> = Arc::default();
        let (first, second) = (Arc::clone(&shown), Arc::clone(&shown));
        let keep = |into: Arc<Mutex<Vec<_>>>| {
            move |seen: Seen<'_>| {
                if let Seen::Request(record) = seen {
                    into.lock().unwrap().push(record.clone());
                }
            }
        };
        let observers = Observers::none().with(keep(first)).with(keep(second));
        let log = started(&logged.database, held_back(), observers).await;
        let record = accepted(logged.at(3), 7, -9);
        log.record(record.clone());
        log.flush().await.unwrap();
        log.close().await;
        let shown = shown.lock().unwrap();
        assert_eq!(shown.len(), 2, "each observer sees it");
        for seen in shown.iter() {
            assert_eq!(format!("{seen:?}"), format!("{record:?}"));
            assert_eq!(seen.project, Some(project(7)));
        }
    })
    .await;
}

/// However long rows are gathered, and whether or not they can be written.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_waits_neither_for_company_nor_for_the_database() {
    with_log(held_back(), async |logged| {
        let (log, noted) = observed(&logged, Config::default()).await;
        let mut link = logged.database.connect().await.unwrap();
        let rename = |from: &str, to: &str| sql_query(format!("ALTER TABLE {from} RENAME TO {to}"));
        link.run(rename("request_segments", "gone")).await.unwrap();
        log.record(accepted(logged.at(0), 1, 1));
        while log.counts().failed_writes < 3 {
            tokio::task::yield_now().await;
        }
        noted.try_iter().for_each(drop);
        let mut slowest = Duration::ZERO;
        for update_id in 0..5 {
            let began = Clock::system();
            log.record(accepted(logged.at(0), 1, update_id));
            let came = noted.recv_timeout(Duration::from_secs(5)).unwrap();
            slowest = slowest.max(began.elapsed());
            assert_eq!(came, Noted::Request(Outcome::Accepted, Some(update_id)));
        }
        assert!(slowest <= Duration::from_millis(250), "{slowest:?}");
        link.run(rename("gone", "request_segments")).await.unwrap();
        drop(link);
        log.close().await;

        let (log, noted) = observed(&logged, held_back()).await;
        log.handled(settled(4));
        let began = Clock::system();
        noted.recv_timeout(Duration::from_secs(5)).unwrap();
        assert!(began.elapsed() <= Duration::from_millis(250));
        log.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_observer_that_panics_spoils_nothing() {
    with_log(Config::default(), async |logged| {
        let (notes, noted) = channel();
        let observers = Observers::none()
            .with(|_| panic!("on purpose"))
            .with(move |seen| notes.send(note(seen)).unwrap());
        let log = started(&logged.database, Config::default(), observers).await;
        for update_id in 0..3 {
            log.record(accepted(logged.at(0), 1, update_id));
            log.flush().await.unwrap();
        }
        assert_eq!(noted.try_iter().count(), 3);
        log.close().await;
        assert_eq!(logged.all().await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_observer_that_hangs_holds_nobody_up() {
    with_log(Config::default(), async |logged| {
        let (go, may_go) = channel::<()>();
        let observers = Observers::none().with(move |_| {
            // Told to go on by whoever drops the other end.
            let _ended = may_go.recv();
        });
        let config = Config {
            queue: 10,
            linger: Duration::from_millis(1),
            ..Config::default()
        };
        let log = started(&logged.database, config, observers).await;
        for update_id in 0..100 {
            log.record(accepted(logged.at(0), 1, update_id));
            while log.counts().waiting > 5 {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(log.counts().overflowed, 0);
        assert!(log.counts().unseen >= 79, "{:?}", log.counts());
        drop(go);
        log.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_shows_what_waits() {
    with_log(held_back(), async |logged| {
        let (log, noted) = observed(&logged, held_back()).await;
        log.record(accepted(logged.at(0), 1, 1));
        log.handled(settled(1));
        log.close().await;
        assert_eq!(noted.try_iter().count(), 2);
        log.handled(settled(2));
        assert_eq!((noted.try_iter().count(), log.counts().unseen), (0, 1));
    })
    .await;
}
