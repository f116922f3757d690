use std::time::Duration;

use futures_util::future::join_all;
use telegram_bot_api::{Envelope, UpdateKind};
use update_dispatcher::{Lane, Seq};
use update_inbox::{Receipt, Received, Refused};

use crate::support::{connection, finish, ids, message, on_both, receive_all, settle};

#[tokio::test(flavor = "multi_thread")]
async fn an_update_is_stored_once_however_often_and_fast_it_comes() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        let thrice = (0..300).map(|number| message(1, 7, 5_000 + number % 100));
        let answers = receive_all(&inbox, thrice).await;
        let stored = answers
            .iter()
            .filter(|one| **one == Ok(Receipt::Stored))
            .count();
        let duplicates = answers
            .iter()
            .filter(|one| **one == Ok(Receipt::Duplicate))
            .count();
        assert_eq!((stored, duplicates), (100, 200));
        let mut offered = ids(&sink.wait_for(100).await);
        offered.sort_unstable();
        assert_eq!(offered, (5_000..5_100).collect::<Vec<_>>());
        // Of another connection the same number is another update.
        assert_eq!(
            inbox.receive(message(2, 7, 5_000)).await,
            Ok(Receipt::Stored)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_update_that_comes_again_is_a_duplicate() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        assert_eq!(
            inbox.receive(message(1, 7, 1_023)).await,
            Ok(Receipt::Stored)
        );
        assert_eq!(
            inbox.receive(message(1, 7, 1_024)).await,
            Ok(Receipt::Stored)
        );
        assert_eq!(
            inbox.receive(message(1, 7, 1_023)).await,
            Ok(Receipt::Duplicate)
        );
        for queued in sink.wait_for(2).await {
            finish(&inbox, queued.seq);
        }
        settle(&inbox).await;
        assert_eq!(inbox.depth().await.unwrap().pending, 0);
        assert_eq!(
            inbox.receive(message(1, 7, 1_024)).await,
            Ok(Receipt::Duplicate)
        );
        sink.wait_for(2).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_counts_anew_after_72_hours_of_silence() {
    on_both(async |place| {
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        let (inbox, _sink) = place.start_with_sink().await;
        assert_eq!(inbox.receive(message(1, 7, 900)).await, Ok(Receipt::Stored));
        place.hands.advance(hours(71));
        assert_eq!(
            inbox.receive(message(1, 7, 900)).await,
            Ok(Receipt::Duplicate)
        );
        // Lower than before, and new.
        assert_eq!(inbox.receive(message(1, 7, 899)).await, Ok(Receipt::Stored));
        place.hands.advance(hours(73));
        assert_eq!(inbox.receive(message(1, 7, 900)).await, Ok(Receipt::Stored));
        drop(inbox);
        let (inbox, _sink) = place.start_with_sink().await;
        assert_eq!(
            inbox.receive(message(1, 7, 900)).await,
            Ok(Receipt::Duplicate)
        );
        place.hands.advance(hours(73));
        assert_eq!(
            inbox.expire().await.unwrap().blocks,
            0,
            "its bits were not written yet"
        );
        assert_eq!(inbox.receive(message(1, 7, 900)).await, Ok(Receipt::Stored));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_blocks_than_memory_is_given_to_are_still_known() {
    on_both(async |mut place| {
        place.config.remembered_blocks = 4;
        let inbox = place.start().await;
        let far_apart = || (0..50).map(|number| message(number % 5, 7, i64::from(number) * 10_000));
        for expected in [Receipt::Stored, Receipt::Duplicate] {
            for one in far_apart() {
                assert_eq!(inbox.receive(one).await, Ok(expected));
            }
        }
        let answers = receive_all(&inbox, far_apart()).await;
        assert!(answers.iter().all(|one| *one == Ok(Receipt::Duplicate)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_is_handed_over_as_it_came() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        let body = r#"{"update_id":77,"callback_query":{"id":"1","from":{"id":5},"message":{"chat":{"id":-9}}}}"#;
        let envelope = Envelope::read(body.as_bytes()).unwrap();
        let received = Received::new(connection(1), &envelope, place.clock.now(), body.into());
        inbox.receive(received.clone()).await.unwrap();
        let live = sink.wait_for(1).await.remove(0);
        inbox.close().await;
        let read = place.pending().await.remove(0);
        assert_eq!(live, read);
        assert_eq!((live.update_id, &live.body, live.received_at), (received.update_id, &received.body, received.received_at));
        assert_eq!((live.kind, live.urgent, live.attempts), (UpdateKind::CallbackQuery, true, 0));
        assert_eq!(live.lane.lane, "chat:-9".parse::<Lane>().unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_no_database_could_spell_is_stored_all_the_same() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        let kind = UpdateKind::from("odd\0kind");
        let mut received = message(1, 7, 1);
        received.lane.lane = Lane::Kind(kind.clone());
        received.kind = kind;
        assert_eq!(inbox.receive(received).await, Ok(Receipt::Stored));
        sink.wait_for(1).await;
        assert_eq!(place.pending().await[0].kind.as_str(), "odd\u{fffd}kind");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_no_room_is_asked_to_come_back_soon() {
    on_both(async |mut place| {
        place.config.waiting = 2;
        let inbox = place.start().await;
        let mut other = place.database.connect().await.unwrap();
        let waiting: Result<_, store::Error> = other
            .transaction(async |other| {
                // Holds up the writer, as a slow disk would.
                other
                    .run(diesel::sql_query("UPDATE inbox_sequence SET next = next"))
                    .await?;
                let mut first = Box::pin(inbox.receive(message(1, 7, 0)));
                assert!(futures_util::poll!(&mut first).is_pending());
                while inbox.depth().await.unwrap().waiting > 0 {
                    tokio::task::yield_now().await;
                }
                let mut rest =
                    Box::pin(join_all((1..20).map(|id| inbox.receive(message(1, 7, id)))));
                assert!(futures_util::poll!(&mut rest).is_pending());
                let mut inline = message(1, 7, 999_999);
                inline.kind = UpdateKind::InlineQuery;
                let refused = inbox.receive(inline).await.unwrap_err();
                let Refused::Full { retry_after } = refused else {
                    panic!("{refused}")
                };
                assert!(retry_after.as_secs() < UpdateKind::InlineQuery.kept_seconds() / 5);
                Ok((first, rest))
            })
            .await;
        let (first, rest) = waiting.unwrap();
        assert_eq!(first.await, Ok(Receipt::Stored));
        let rest = rest.await;
        assert!(
            rest[..2].iter().all(|one| *one == Ok(Receipt::Stored)),
            "{rest:?}"
        );
        assert!(
            rest[2..]
                .iter()
                .all(|one| matches!(one, Err(Refused::Full { .. }))),
            "{rest:?}"
        );
        assert_eq!(place.pending().await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_takes_room_like_any_other() {
    on_both(async |mut place| {
        place.config.waiting_bytes = 1_000;
        place.config.commit_bytes = 400;
        let inbox = place.start().await;
        inbox.ready().await.unwrap();
        let mut other = place.database.connect().await.unwrap();
        let unreadable = || {
            inbox.quarantine(
                connection(1),
                place.clock.now(),
                vec![b'x'; 300].into(),
                "odd",
            )
        };
        let waiting: Result<_, store::Error> = other
            .transaction(async |other| {
                // Holds up the writer, as a slow disk would.
                other
                    .run(diesel::sql_query("UPDATE inbox_sequence SET next = next"))
                    .await?;
                let mut first = Box::pin(inbox.receive(message(1, 7, 0)));
                assert!(futures_util::poll!(&mut first).is_pending());
                while inbox.depth().await.unwrap().waiting > 0 {
                    tokio::task::yield_now().await;
                }
                let mut rest = Box::pin(join_all((0..5).map(|_| unreadable())));
                assert!(futures_util::poll!(&mut rest).is_pending());
                let mut large = message(1, 7, 1);
                large.body = vec![b' '; 300].into();
                let refused = inbox.receive(large).await;
                assert!(matches!(refused, Err(Refused::Full { .. })), "{refused:?}");
                Ok((first, rest))
            })
            .await;
        let (first, rest) = waiting.unwrap();
        assert_eq!(first.await, Ok(Receipt::Stored));
        let rest = rest.await;
        assert_eq!(rest[..3], [Ok(()), Ok(()), Ok(())]);
        assert!(
            rest[3..]
                .iter()
                .all(|one| matches!(one, Err(Refused::Full { .. }))),
            "{rest:?}"
        );
        assert_eq!(inbox.quarantine_list(Seq::ZERO, 9).await.unwrap().len(), 3);
        // One body a commit.
        assert!(inbox.figures().commit_us.counts.iter().sum::<u64>() >= 5);
        assert_eq!(unreadable().await, Ok(()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_fills_the_memory_alone_is_taken_alone() {
    on_both(async |mut place| {
        place.config.waiting_bytes = 10;
        place.config.commit_bytes = 10;
        let inbox = place.start().await;
        let mut large = message(1, 7, 1);
        large.body = vec![b' '; 1 << 20].into();
        assert_eq!(inbox.receive(large).await, Ok(Receipt::Stored));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_kept_with_the_reason() {
    on_both(async |place| {
        let inbox = place.start().await;
        let kept = inbox
            .quarantine(
                connection(1),
                place.clock.now(),
                "nonsense".into(),
                "not JSON",
            )
            .await;
        assert_eq!(kept, Ok(()));
        let list = inbox.quarantine_list(Seq::ZERO, 10).await.unwrap();
        assert_eq!(
            (list.len(), list[0].reason.as_str(), list[0].body_bytes),
            (1, "not JSON", 8)
        );
        assert_eq!(list[0].connection, connection(1));
        assert!(
            inbox
                .quarantine_list(list[0].seq, 10)
                .await
                .unwrap()
                .is_empty()
        );
        let depth = inbox.depth().await.unwrap();
        assert_eq!(
            (depth.pending, depth.quarantined, depth.oldest_received_at),
            (0, 1, None)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_inbox_has_written_what_it_took_and_takes_no_more() {
    on_both(async |place| {
        let inbox = place.start().await;
        let receiving = receive_all(&inbox, (0..50).map(|id| message(1, 7, id)));
        let (answers, ()) = tokio::join!(receiving, async {
            tokio::task::yield_now().await;
            inbox.close().await;
        });
        inbox.close().await;
        let stored = answers
            .iter()
            .filter(|one| **one == Ok(Receipt::Stored))
            .count();
        let refused = answers
            .iter()
            .filter(|one| **one == Err(Refused::Unavailable))
            .count();
        assert_eq!(stored + refused, 50);
        assert_eq!(
            inbox.receive(message(1, 7, 99)).await,
            Err(Refused::Unavailable)
        );
        assert!(inbox.ready().await.is_err());
        assert_eq!(place.pending().await.len(), stored);
    })
    .await;
}
