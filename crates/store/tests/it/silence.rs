//! A Postgres that is gone without a word keeps nobody waiting for ever.

use std::time::{Duration, Instant};

use clock::Clock;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use store::testing::{Silence, on_every_empty_database};
use store::{Database, Error};
use tokio::runtime::Handle;

const PATIENCE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_is_told_and_the_next_one_writes() {
    with_silence(async |database, silence| {
        let writing = database.clone();
        let handle = Handle::current();
        let failed = tokio::task::spawn_blocking(move || {
            let mut writer = writing.writer(&handle)?;
            writer.transaction(|writer| {
                writer.fetch_optional::<bool, _>(yes())?;
                silence.begin();
                writer.fetch_optional::<bool, _>(yes())
            })?;
            Ok(silence)
        });
        let began = now();
        let failed: Result<Silence, Error> = failed.await.unwrap();
        let took = began.elapsed();
        assert!(matches!(failed, Err(Error::Connect(_))), "{failed:?}");
        // The rollback was not waited for as well.
        assert!(took >= PATIENCE && took < PATIENCE * 2, "{took:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_recovers_from_connections_that_say_nothing_more() {
    with_silence(async |database, silence| {
        let mut some = Vec::new();
        for _ in 0..3 {
            some.push(database.connect().await.unwrap());
        }
        silence.begin();
        let answer = some[0].fetch_one::<bool, _>(yes()).await;
        assert!(matches!(answer, Err(Error::Connect(_))), "{answer:?}");
        let again = now();
        assert!(some[0].fetch_one::<bool, _>(yes()).await.is_err());
        assert!(again.elapsed() < PATIENCE / 2, "it is not asked again");
        drop(some);
        silence.end();
        let mut fresh = database.connect().await.unwrap();
        assert!(fresh.fetch_one::<bool, _>(yes()).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hangs_on_opening_or_on_the_claim() {
    with_silence(async |database, silence| {
        let mut sole = database.sole_process().await.unwrap();
        sole.check().await.unwrap();
        silence.begin();
        let began = now();
        assert!(sole.check().await.is_err());
        assert!(sole.check().await.is_err());
        assert!(database.sole_process().await.is_err());
        let handle = Handle::current();
        let opening = database.clone();
        let opened = tokio::task::spawn_blocking(move || opening.writer(&handle).map(drop));
        assert!(opened.await.unwrap().is_err());
        assert!(began.elapsed() < PATIENCE * 5, "{:?}", began.elapsed());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_ends_what_a_client_left_behind() {
    with_silence(async |database, _silence| {
        let mut connection = database.connect().await.unwrap();
        for (name, value) in [
            ("lock_timeout", "1333ms"),
            ("statement_timeout", "2666ms"),
            ("idle_in_transaction_session_timeout", "2s"),
            ("tcp_keepalives_idle", "10"),
            ("synchronous_commit", "on"),
        ] {
            let set = format!("current_setting('{name}')");
            let set = diesel::select(diesel::dsl::sql::<Text>(&set));
            assert_eq!(connection.fetch_one::<String, _>(set).await.unwrap(), value);
        }
        // Somebody begins a transaction, takes a lock and is not heard of again.
        let mut gone = database.connect().await.unwrap();
        gone.run(diesel::sql_query("CREATE TABLE held (id BIGINT)"))
            .await
            .unwrap();
        for statement in ["BEGIN", "LOCK TABLE held"] {
            gone.run(diesel::sql_query(statement)).await.unwrap();
        }
        let count = || diesel::dsl::sql::<BigInt>("SELECT count(*) FROM held");
        let refused = connection.fetch::<i64, _>(count()).await;
        assert!(
            refused.is_err(),
            "the lock is not waited for longer than that"
        );
        let (clock, limit) = (Clock::system(), PATIENCE * 3);
        let freed = clock.timeout(limit, async {
            while connection.fetch::<i64, _>(count()).await.is_err() {}
        });
        freed.await.expect("the transaction was ended");
    })
    .await;
}

async fn with_silence(test: impl AsyncFn(Database, Silence)) {
    on_every_empty_database(async |url| {
        let Some((silence, through)) = Silence::before(&url, PATIENCE).await else {
            return;
        };
        test(Database::open(&through, 4).await.unwrap(), silence).await;
    })
    .await;
}

fn yes() -> impl store::Fetch<'static, bool> {
    diesel::select(true.into_sql::<Bool>())
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a real socket was waited for"
)]
fn now() -> Instant {
    Instant::now()
}
