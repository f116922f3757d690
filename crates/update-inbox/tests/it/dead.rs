use update_dispatcher::{Journal as _, Progress, Seq};
use update_inbox::Receipt;

use crate::support::{connection, dead, ids, message, on_both, settle};

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_kept_listed_and_replayed_at_the_end_of_its_lane() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        for id in 0..3 {
            inbox.receive(message(1, 7, id)).await.unwrap();
        }
        let offered = sink.wait_for(3).await;
        inbox
            .journal()
            .dead(offered[0].seq, dead("the shop\0 is gone"));
        settle(&inbox).await;
        let depth = inbox.depth().await.unwrap();
        assert_eq!((depth.pending, depth.dead), (2, 1));

        let letters = inbox
            .dead_list(Some(&connection(1)), Seq::ZERO, 10)
            .await
            .unwrap();
        let letter = &letters[0];
        assert_eq!(
            (letters.len(), letter.seq, letter.update_id),
            (1, offered[0].seq, offered[0].update_id)
        );
        assert_eq!(letter.reason, "the shop\u{fffd} is gone");
        assert_eq!((letter.cause.as_str(), letter.attempts), ("exhausted", 9));
        assert_eq!(letter.history, dead("").history);
        assert!(
            inbox
                .dead_list(Some(&connection(2)), Seq::ZERO, 10)
                .await
                .unwrap()
                .is_empty()
        );
        assert!(
            inbox
                .dead_list(None, letter.seq, 10)
                .await
                .unwrap()
                .is_empty()
        );

        let seq = inbox.dead_replay(letter.seq).await.unwrap().unwrap();
        let last = sink.wait_for(4).await.pop().unwrap();
        assert_eq!(
            (last.seq, last.update_id, last.attempts),
            (seq, offered[0].update_id, 0)
        );
        assert_eq!(
            last.progress,
            Progress {
                stage: 1,
                effect: 2
            }
        );
        assert_eq!(last.body, offered[0].body);
        assert_eq!(inbox.dead_replay(letter.seq).await.unwrap(), None);
        assert_eq!(inbox.depth().await.unwrap().dead, 0);
        // Telegram's own copy is still a duplicate.
        assert_eq!(
            inbox.receive(message(1, 7, 0)).await,
            Ok(Receipt::Duplicate)
        );
        inbox.close().await;
        assert_eq!(ids(&place.pending().await), [1, 2, 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_dies_once() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        inbox.receive(message(1, 7, 1)).await.unwrap();
        let seq = sink.wait_for(1).await[0].seq;
        for _ in 0..2 {
            inbox.journal().dead(seq, dead("gone"));
            settle(&inbox).await;
        }
        inbox.journal().dead(Seq::new(99), dead("never was"));
        settle(&inbox).await;
        assert_eq!(inbox.depth().await.unwrap().dead, 1);
    })
    .await;
}
