use update_dispatcher::Journal as _;
use update_inbox::{Receipt, Refused};

use crate::support::{dead, message, on_both, settle};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_received_is_counted_once_and_what_is_put_back_is_not_received() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        inbox.receive(message(1, 7, 1)).await.unwrap();
        let offered = sink.wait_for(1).await;
        inbox.journal().dead(offered[0].seq, dead("no use"));
        settle(&inbox).await;
        // The receipt and what is put back are most likely in one commit.
        let (receipt, put_back) = tokio::join!(
            inbox.receive(message(1, 7, 1)),
            inbox.dead_replay(offered[0].seq)
        );
        assert_eq!(receipt, Ok(Receipt::Duplicate));
        assert!(put_back.unwrap().is_some());
        let figures = inbox.figures();
        let counted = (figures.stored, figures.duplicates, figures.settled);
        assert_eq!(counted, (1, 1, 1));
        assert_eq!((figures.waiting, figures.unsettled), (0, 0));
        let commits = |counts: &[u64]| counts.iter().sum::<u64>();
        let whole = &figures.transaction_us;
        assert_eq!(commits(&whole.counts), commits(&figures.commit_us.counts));
        assert!(whole.sum >= figures.commit_us.sum);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_fails_is_counted() {
    on_both(async |place| {
        let (inbox, _sink) = place.start_with_sink().await;
        place.refuse_updates().await;
        for failures in 1..=2 {
            let refused = inbox.receive(message(1, 7, 13)).await;
            assert_eq!(refused, Err(Refused::Unavailable));
            assert!(inbox.figures().failed_commits >= failures);
        }
        assert_eq!(inbox.figures().stored, 0);
    })
    .await;
}
