use update_dispatcher::{Journal as _, Seq};
use update_inbox::{Receipt, Refused};

use crate::support::{dead, finish, ids, message, on_both, receive_all, settle};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_failed_commit_is_acknowledged_and_all_of_it_may_come_again() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        inbox.receive(message(1, 7, 12)).await.unwrap();
        place.break_table("inbox_pending", "update_id", "13").await;
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
        assert_eq!(inbox.receive(message(1, 7, 14)).await, Ok(Receipt::Stored));
        place.mend_table("inbox_pending").await;
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
        place.break_table("inbox_pending", "update_id", "13").await;
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
