use std::collections::BTreeSet;

use update_dispatcher::{Journal as _, Seq};
use update_inbox::Receipt;

use crate::support::{finish, ids, message, on_both, receive_all, retry, settle};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_comes_back_in_the_order_of_acknowledgement() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        for id in 0..60 {
            // Ids that fall within a lane: their order is none.
            let stored = inbox
                .receive(message(1 + (id % 2) as u8, id % 3, 1_000 - id))
                .await;
            assert_eq!(stored, Ok(Receipt::Stored));
        }
        let offered = sink.wait_for(60).await;
        assert!(offered.windows(2).all(|pair| pair[0].seq < pair[1].seq));
        assert_eq!(
            ids(&offered),
            (0..60).map(|id| 1_000 - id).collect::<Vec<_>>()
        );
        let (gone, left): (Vec<_>, Vec<_>) = offered
            .into_iter()
            .partition(|one| one.seq.value() % 4 == 1);
        for one in gone {
            finish(&inbox, one.seq);
        }
        settle(&inbox).await;
        drop(inbox);
        let (inbox, sink) = place.start_with_sink().await;
        assert_eq!(sink.wait_for(left.len()).await, left);
        // And what comes now goes behind it.
        inbox.receive(message(1, 0, 7)).await.unwrap();
        assert_eq!(
            sink.wait_for(left.len() + 1)
                .await
                .pop()
                .unwrap()
                .update_id
                .value(),
            7
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_acknowledged_survives_a_kill_at_any_moment() {
    on_both(async |place| {
        let mut acknowledged = BTreeSet::new();
        for round in 0..5 {
            let inbox = place.start().await;
            let all = (0..200).map(|number| message(1, number % 5, round * 1_000 + number));
            let tasks: Vec<_> = all
                .map(|received| {
                    let inbox = inbox.clone();
                    tokio::spawn(async move {
                        let id = received.update_id.value();
                        (id, inbox.receive(received).await)
                    })
                })
                .collect();
            // The tasks hold clones; they go when the inbox is abandoned below.
            let killer = tokio::spawn(async move {
                for _ in 0..round * 7 {
                    tokio::task::yield_now().await;
                }
                drop(inbox);
            });
            for (number, task) in tasks.into_iter().enumerate() {
                if number as i64 > round * 40 {
                    task.abort();
                }
                if let Ok((id, Ok(receipt))) = task.await {
                    assert_eq!(receipt, Receipt::Stored);
                    acknowledged.insert(id);
                }
            }
            killer.await.unwrap();
        }
        let stored: Vec<i64> = ids(&place.pending().await);
        let distinct: BTreeSet<i64> = stored.iter().copied().collect();
        assert_eq!(distinct.len(), stored.len());
        assert!(
            acknowledged.is_subset(&distinct),
            "{:?}",
            acknowledged.difference(&distinct)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_is_known_after_a_restart() {
    on_both(async |place| {
        let inbox = place.start().await;
        receive_all(&inbox, (0..3_000).map(|id| message(1, 7, id))).await;
        drop(inbox);
        let inbox = place.start().await;
        let again = receive_all(&inbox, (0..3_100).map(|id| message(1, 7, id))).await;
        let duplicates = again
            .iter()
            .filter(|one| **one == Ok(Receipt::Duplicate))
            .count();
        let stored = again
            .iter()
            .filter(|one| **one == Ok(Receipt::Stored))
            .count();
        assert_eq!((stored, duplicates), (100, 3_000));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_goes_on_where_it_was_after_a_restart() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        inbox.receive(message(1, 7, 1)).await.unwrap();
        inbox.receive(message(1, 7, 2)).await.unwrap();
        let seq = sink.wait_for(2).await[0].seq;
        inbox.journal().retry(seq, retry(1, 0, 1));
        settle(&inbox).await;
        inbox.journal().retry(seq, retry(2, 1, 3));
        settle(&inbox).await;
        drop(inbox);
        let pending = place.pending().await;
        let expected = retry(2, 1, 3);
        assert_eq!((pending[0].seq, pending[0].attempts), (seq, 2));
        assert_eq!(pending[0].progress, expected.progress);
        assert_eq!(pending[0].not_before, Some(expected.not_before));
        assert_eq!(pending[0].history, expected.history);
        assert_eq!((pending[1].attempts, pending[1].not_before), (0, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_written_within_a_moment_by_itself() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        inbox.receive(message(1, 7, 1)).await.unwrap();
        finish(&inbox, sink.wait_for(1).await[0].seq);
        while inbox.depth().await.unwrap().pending > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_never_given_twice() {
    on_both(async |place| {
        let mut last = Seq::ZERO;
        for round in 0..3 {
            let (inbox, sink) = place.start_with_sink().await;
            inbox.receive(message(1, 7, round)).await.unwrap();
            let seq = sink.wait_for(1).await[0].seq;
            assert!(seq > last);
            last = seq;
            finish(&inbox, seq);
            inbox.close().await;
        }
    })
    .await;
}
