use update_dispatcher::{Journal as _, Offer, Seq};
use update_inbox::Error;

use crate::support::{connection, finish, ids, message, on_both, receive_all, retry, settle};

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_is_read_on_from_where_it_was() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        sink.answer(Offer::Spilled);
        for id in 0..30 {
            inbox
                .receive(message(1 + (id % 2) as u8, id % 3, id))
                .await
                .unwrap();
        }
        let lane = sink.wait_for(30).await[0].lane.clone();
        let journal = inbox.journal();
        let all = journal.refill(&lane, Seq::ZERO, 100).await.unwrap();
        assert_eq!(ids(&all), [0, 6, 12, 18, 24]);
        let some = journal.refill(&lane, all[1].seq, 2).await.unwrap();
        assert_eq!(ids(&some), [12, 18]);
        assert!(
            journal
                .refill(&lane, all[4].seq, 2)
                .await
                .unwrap()
                .is_empty()
        );
        let owned = journal
            .backlog(&connection(1), all[1].seq, 4)
            .await
            .unwrap();
        assert_eq!(ids(&owned), [8, 10, 12, 14]);
        let listed = inbox
            .pending_list(&connection(2), Seq::ZERO, 3)
            .await
            .unwrap();
        assert_eq!(ids(&listed), [1, 3, 5]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_shows_at_once_and_a_page_is_full_unless_it_is_the_last() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        sink.answer(Offer::Spilled);
        receive_all(&inbox, (0..1_200).map(|id| message(1, 7, id))).await;
        let offered = sink.wait_for(1_200).await;
        let journal = inbox.journal();
        for one in &offered[10..1_100] {
            finish(&inbox, one.seq);
        }
        journal.retry(offered[2].seq, retry(3, 1, 1));
        let page = journal
            .refill(&offered[0].lane, offered[0].seq, 50)
            .await
            .unwrap();
        let expected: Vec<Seq> = [&offered[1..10], &offered[1_100..1_141]]
            .concat()
            .iter()
            .map(|one| one.seq)
            .collect();
        assert_eq!(page.iter().map(|one| one.seq).collect::<Vec<_>>(), expected);
        assert_eq!(
            (page[1].attempts, page[1].progress),
            (3, retry(3, 1, 1).progress)
        );
        let all = journal
            .backlog(&connection(1), Seq::ZERO, 5_000)
            .await
            .unwrap();
        assert_eq!(all.len(), 1_200 - 1_090);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_outlives_its_inbox_and_says_that_it_is_closed() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        let journal = inbox.journal();
        inbox.receive(message(1, 7, 1)).await.unwrap();
        let offered = sink.wait_for(1).await;
        inbox.close().await;
        drop(inbox);
        journal.retry(offered[0].seq, retry(1, 0, 0));
        // Updates in batches would be left out, and who reads an empty backlog thinks that there is none.
        let backlog = journal.backlog(&connection(1), Seq::ZERO, 9).await;
        assert!(matches!(backlog, Err(Error::Closed)), "{backlog:?}");
        assert_eq!(place.pending().await[0].attempts, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_of_one_bot_are_written_a_few_hundred_a_commit() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        receive_all(&inbox, (0..3_000).map(|id| message(1, id % 50, id))).await;
        let offered = sink.wait_for(3_000).await;
        let commits = || inbox.figures().commit_us.counts.iter().sum::<u64>();
        let before = commits();
        for one in &offered {
            inbox.journal().retry(one.seq, retry(2, 0, 0));
        }
        settle(&inbox).await;
        assert!(commits() - before >= 6, "{}", commits() - before);
        inbox.close().await;
        let left = place.pending().await;
        assert_eq!(left.len(), 3_000);
        assert!(left.iter().all(|one| one.attempts == 2));
    })
    .await;
}
