use std::time::Duration;

use futures_util::FutureExt as _;
use update_dispatcher::{Journal as _, Offered, Queued, Seq};
use update_inbox::{Dispatch, Receipt, Refused};

use crate::support::{Place, dead, finish, ids, message, on_both, receive_all, settle};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_failed_commit_is_acknowledged_and_all_of_it_may_come_again() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        inbox.receive(message(1, 7, 12)).await.unwrap();
        place.refuse_updates().await;
        for _ in 0..2 {
            assert_eq!(
                inbox.receive(message(1, 7, 13)).await,
                Err(Refused::Unavailable)
            );
        }
        assert_eq!(
            inbox.receive(message(1, 7, 12)).await,
            Ok(Receipt::Duplicate)
        );
        // Answered a moment before the others hear that the database is well again.
        while inbox.is_failing() {
            tokio::task::yield_now().await;
        }
        place.take_updates().await;
        assert_eq!(inbox.receive(message(1, 7, 14)).await, Ok(Receipt::Stored));
        assert_eq!(inbox.receive(message(1, 7, 13)).await, Ok(Receipt::Stored));
        assert_eq!(ids(&sink.wait_for(3).await), [12, 14, 13]);
        inbox.close().await;
        assert_eq!(ids(&place.pending().await), [12, 14, 13]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_survives_a_failed_commit() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        receive_all(&inbox, (0..10).map(|id| message(1, 7, id))).await;
        let offered = sink.wait_for(10).await;
        place.refuse_updates().await;
        finish(&inbox, offered[0].seq);
        assert_eq!(
            inbox.receive(message(1, 7, 13)).await,
            Err(Refused::Unavailable)
        );
        settle(&inbox).await;
        assert_eq!(inbox.depth().await.unwrap().pending, 9);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_no_database_takes_holds_up_nobody() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        receive_all(&inbox, (0..3).map(|id| message(1, 7, id))).await;
        let offered = sink.wait_for(3).await;
        place.break_table("inbox_dead", "reason", "'poison'").await;
        inbox.journal().dead(offered[0].seq, dead("poison"));
        finish(&inbox, offered[1].seq);
        assert_eq!(inbox.receive(message(1, 7, 13)).await, Ok(Receipt::Stored));
        while inbox.depth().await.unwrap().pending > 3 {
            tokio::task::yield_now().await;
        }
        // To the dispatcher it is over nevertheless.
        let left = inbox
            .journal()
            .refill(&offered[0].lane, Seq::ZERO, 10)
            .await
            .unwrap();
        assert_eq!(ids(&left), [offered[2].update_id.value(), 13]);
        place.mend_table("inbox_dead").await;
        while inbox.depth().await.unwrap().dead == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(inbox.depth().await.unwrap().pending, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_that_cannot_write_is_not_ready() {
    on_both(async |place| {
        let inbox = place.start().await;
        inbox.ready().await.unwrap();
        place
            .sql("ALTER TABLE inbox_sequence RENAME TO elsewhere")
            .await;
        assert!(inbox.ready().await.is_err());
        assert_eq!(
            inbox.receive(message(1, 7, 1)).await,
            Err(Refused::Unavailable)
        );
        assert!(inbox.is_failing());
        place
            .sql("ALTER TABLE elsewhere RENAME TO inbox_sequence")
            .await;
        inbox.ready().await.unwrap();
        assert_eq!(inbox.receive(message(1, 7, 1)).await, Ok(Receipt::Stored));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_session_costs_one_answer_at_most() {
    on_both(async |place| {
        if place.is_sqlite() {
            return;
        }
        let inbox = place.start().await;
        inbox.ready().await.unwrap();
        place
            .sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE query LIKE '%inbox_sequence%' AND pid <> pg_backend_pid() AND state = 'idle'",
            )
            .await;
        let first = inbox.receive(message(1, 7, 1)).await;
        let second = inbox.receive(message(1, 7, 1)).await;
        assert!(matches!(first, Ok(Receipt::Stored) | Err(Refused::Unavailable)), "{first:?}");
        assert!(second.is_ok(), "{second:?}");
        assert_eq!(place.pending().await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_without_tables_does_not_start() {
    store::testing::on_every_empty_database(async |url| {
        let database = store::Database::open(&url, 2).await.unwrap();
        let (clock, _hands) = clock::Clock::manual();
        let started = update_inbox::Inbox::start(Default::default(), database, clock).await;
        assert!(matches!(started, Err(update_inbox::Error::Store(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_unanswered_commit_stored_is_handed_over_before_what_comes_next() {
    on_both(async |place| {
        let inbox = place.start().await;
        inbox.receive(message(1, 7, 1)).await.unwrap();
        inbox.close().await;
        keep_a_commit(&place).await;
        let (inbox, sink) = place.start_with_sink().await;
        sink.wait_for(1).await;
        place
            .sql("ALTER TABLE inbox_sequence RENAME TO elsewhere")
            .await;
        let refused = inbox.receive(message(1, 7, 2)).await;
        assert_eq!(refused, Err(Refused::Unavailable));
        // Only now the server ends what it was told before.
        for statement in LOST_COMMIT {
            place
                .sql(&statement.replace("inbox_sequence", "elsewhere"))
                .await;
        }
        place
            .sql("ALTER TABLE elsewhere RENAME TO inbox_sequence")
            .await;

        assert_eq!(
            inbox.receive(message(1, 7, 2)).await,
            Ok(Receipt::Duplicate)
        );
        assert_eq!(inbox.receive(message(1, 7, 3)).await, Ok(Receipt::Stored));
        assert_eq!(ids(&sink.wait_for(3).await), [1, 2, 3]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_commit_under_way_stores_is_not_stored_again() {
    on_both(async |place| {
        // On SQLite a commit that was not answered did not happen.
        if place.is_sqlite() {
            return;
        }
        let inbox = place.start().await;
        inbox.receive(message(1, 7, 1)).await.unwrap();
        inbox.close().await;

        keep_a_commit(&place).await;
        let (inbox, sink) = place.start_with_sink().await;
        sink.wait_for(1).await;
        pause().await;
        let mut old = place.database.connect().await.unwrap();
        for statement in ["BEGIN"].iter().chain(&LOST_COMMIT) {
            old.run(diesel::sql_query(*statement)).await.unwrap();
        }
        let repeated = tokio::spawn({
            let inbox = inbox.clone();
            async move { receive_all(&inbox, [message(1, 7, 2), message(1, 7, 3)]).await }
        });
        wait_for_a_lock(&place).await;
        old.run(diesel::sql_query("COMMIT")).await.unwrap();

        let answers = repeated.await.unwrap();
        assert_eq!(answers, [Ok(Receipt::Duplicate), Ok(Receipt::Stored)]);
        assert_eq!(
            inbox.receive(message(1, 7, 2)).await,
            Ok(Receipt::Duplicate)
        );
        assert_eq!(ids(&sink.wait_for(3).await), [1, 2, 3]);
        inbox.close().await;
        assert_eq!(ids(&place.pending().await), [1, 2, 3]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_whose_thread_or_feeder_panics_says_so() {
    on_both(async |place| {
        let inbox = place.start().await;
        inbox.attach(Panicking);
        // Either the thread offers it or the feeder.
        let _ = inbox.receive(message(1, 7, 1)).await;
        within(inbox.broken()).await.unwrap();
        let refused = inbox.receive(message(1, 7, 2)).await;
        assert_eq!(refused, Err(Refused::Unavailable));
        within(inbox.close()).await.unwrap();

        // Now it is the feeder's alone: it was pending at the start.
        let inbox = place.start().await;
        inbox.attach(Panicking);
        within(inbox.broken()).await.unwrap();
        assert!(inbox.ready().await.is_err());

        let inbox = place.start().await;
        inbox.close().await;
        assert!(inbox.broken().now_or_never().is_none());
    })
    .await;
}

struct Panicking;

impl Dispatch for Panicking {
    fn offer_all(&self, _: Vec<Queued>) -> Offered {
        unreachable!("as the test wants it");
    }

    async fn room(&self) {}
}

#[expect(clippy::disallowed_methods, reason = "a test that hangs says nothing")]
async fn within<T>(what: impl Future<Output = T>) -> Result<T, tokio::time::error::Elapsed> {
    tokio::time::timeout(Duration::from_secs(10), what).await
}

/// Has another inbox store update 2, keeps what it writes for later, and undoes it.
async fn keep_a_commit(place: &Place) {
    let (other, sink) = place.start_with_sink().await;
    sink.wait_for(1).await;
    other.receive(message(1, 7, 2)).await.unwrap();
    other.close().await;
    for (table, number) in TABLES {
        let last = format!("{table} WHERE {number} = (SELECT next - 1 FROM inbox_sequence)");
        let keep = format!("CREATE TABLE kept_{table} AS SELECT * FROM {last}");
        place.sql(&keep).await;
        place.sql(&format!("DELETE FROM {last}")).await;
    }
    place.sql("UPDATE inbox_sequence SET next = next - 1").await;
}

/// Where a commit may have put an update.
const TABLES: [(&str, &str); 3] = [
    ("inbox_batches", "first_seq"),
    ("inbox_pending", "seq"),
    ("inbox_recent", "first_seq"),
];

const LOST_COMMIT: [&str; 4] = [
    "UPDATE inbox_sequence SET next = next + 1",
    "INSERT INTO inbox_batches SELECT * FROM kept_inbox_batches",
    "INSERT INTO inbox_pending SELECT * FROM kept_inbox_pending",
    "INSERT INTO inbox_recent SELECT * FROM kept_inbox_recent",
];

async fn wait_for_a_lock(place: &Place) {
    let mut connection = place.database.connect().await.unwrap();
    let waits = || {
        diesel::dsl::sql::<diesel::sql_types::BigInt>(
            "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation \
             WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' \
             AND l.pid IN (SELECT pid FROM pg_locks WHERE NOT granted)",
        )
    };
    loop {
        let waiting: Vec<i64> = connection.fetch(waits()).await.unwrap();
        if waiting[0] > 0 {
            return;
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells that the feeder has looked; too short a pause makes the test say nothing, never fail"
)]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(200)).await;
}
