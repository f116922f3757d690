//! What operators do: look, put back, discard, hold.

use std::time::Duration;

use bytes::Bytes;
use clock::Timestamp;
use ids::ConnectionId;
use update_dispatcher::{Dead, Journal as _, Seq};
use update_inbox::{Inbox, InboxConfig, Reread};

use crate::support::{Place, connection, dead, ids, message, on_both, settle};

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_shown_with_its_body_and_discarded() {
    on_both(async |place| {
        let (inbox, _) = with_dead_letters(&place, 1).await;
        let letter = inbox.dead_list(None, Seq::ZERO, 9).await.unwrap().remove(0);
        let (shown, body) = inbox.dead_find(letter.seq).await.unwrap().unwrap();
        assert_eq!(shown, letter);
        assert_eq!(body, message(1, 7, 0).body);
        assert_eq!(letter.body_bytes, body.len());
        assert!(inbox.quarantine_find(letter.seq).await.unwrap().is_none());
        assert!(inbox.discard(letter.seq).await.unwrap());
        assert!(!inbox.discard(letter.seq).await.unwrap());
        assert!(inbox.dead_find(letter.seq).await.unwrap().is_none());
        assert_eq!(inbox.dead_replay(letter.seq).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_dead_letters_of_a_bot_are_put_back_in_order_while_the_inbox_runs() {
    on_both(async |place| {
        let (inbox, sink) = with_dead_letters(&place, 450).await;
        inbox.receive(message(2, 7, 1)).await.unwrap();
        let other = sink.wait_for(451).await.pop().unwrap();
        inbox.journal().dead(other.seq, dead("not this one"));
        settle(&inbox).await;

        let put_back = inbox.dead_replay_all(Some(&connection(1))).await.unwrap();
        assert_eq!(put_back, 450);
        let offered = sink.wait_for(901).await;
        assert_eq!(ids(&offered[451..]), (0..450).collect::<Vec<_>>());
        assert_eq!(inbox.depth().await.unwrap().dead, 1);
        assert_eq!(inbox.dead_replay_all(None).await.unwrap(), 1);
        assert_eq!(inbox.dead_replay_all(None).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_request_is_read_again() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        quarantine(&inbox, 1, b"no update").await;
        quarantine(&inbox, 2, &message(2, 7, 5).body).await;
        let list = inbox
            .quarantine_list_of(Some(&connection(2)), Seq::ZERO, 9)
            .await
            .unwrap();
        assert_eq!((list.len(), &list[0].connection), (1, &connection(2)));
        let all = inbox.quarantine_list(Seq::ZERO, 9).await.unwrap();
        let (shown, body) = inbox.quarantine_find(all[0].seq).await.unwrap().unwrap();
        assert_eq!((shown, &*body), (all[0].clone(), &b"no update"[..]));

        let still = inbox.quarantine_replay(all[0].seq).await.unwrap().unwrap();
        assert!(matches!(still, Reread::Unreadable(_)), "{still:?}");
        let readable = inbox.quarantine_replay(all[1].seq).await.unwrap();
        assert_eq!(readable, Some(Reread::Stored));
        assert_eq!(ids(&sink.wait_for(1).await), [5]);
        assert_eq!(inbox.quarantine_replay(all[1].seq).await.unwrap(), None);
        assert!(inbox.discard(all[0].seq).await.unwrap());
        assert_eq!(inbox.depth().await.unwrap().quarantined, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_let_go_when_its_time_is_over() {
    on_both(async |mut place| {
        place.config.keep_failed = Duration::from_secs(3_600);
        let (inbox, _) = with_dead_letters(&place, 700).await;
        quarantine(&inbox, 1, b"no update").await;
        place.hands.advance(Duration::from_secs(500));
        let expired = inbox.expire().await.unwrap();
        assert_eq!((expired.failed, expired.unreadable), (0, 0));
        place.hands.advance(Duration::from_secs(3_700));
        let expired = inbox.expire().await.unwrap();
        assert_eq!((expired.failed, expired.unreadable), (700, 1));
        let depth = inbox.depth().await.unwrap();
        assert_eq!((depth.dead, depth.quarantined), (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unreadable_requests_keeps_within_its_room() {
    on_both(async |mut place| {
        place.config = InboxConfig {
            unreadable: 80,
            unreadable_bytes: 8_000,
            ..InboxConfig::default()
        };
        for (round, body) in [&b"tiny"[..], &[b'x'; 400]].into_iter().enumerate() {
            // The second time it starts with what the first has left.
            let inbox = place.start().await;
            for _ in 0..200 {
                quarantine(&inbox, 1, body).await;
                let depth = inbox.depth().await.unwrap();
                assert!(depth.quarantined <= 80, "{}", depth.quarantined);
            }
            let kept = inbox.quarantine_list(Seq::ZERO, 999).await.unwrap();
            let bytes: usize = kept.iter().map(|one| one.body_bytes).sum();
            assert!(
                bytes <= 8_000 && kept.len() >= [60, 15][round],
                "{}",
                kept.len()
            );
            assert!(kept.last().unwrap().body_bytes == body.len());
            inbox.close().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_bot_stays_held_over_a_restart_and_loses_nothing() {
    on_both(async |place| {
        let inbox = place.start().await;
        inbox.hold(&connection(1)).await.unwrap();
        inbox.hold(&connection(1)).await.unwrap();
        assert!(inbox.is_held(&connection(1)) && !inbox.is_held(&connection(2)));
        inbox.receive(message(1, 7, 1)).await.unwrap();
        inbox.close().await;

        let inbox = place.start().await;
        assert_eq!(inbox.held(), [connection(1)]);
        // Disconnected too: even then nothing goes.
        inbox.park(&connection(1));
        place.hands.advance(Duration::from_secs(999_999));
        assert_eq!(inbox.expire().await.unwrap().updates, 0);
        assert!(inbox.release(&connection(1)).await.unwrap().is_some());
        assert_eq!(inbox.release(&connection(1)).await.unwrap(), None);
        let (journal, owner) = (inbox.journal(), connection(1));
        let backlog = journal.backlog(&owner, Seq::ZERO, 9).await.unwrap();
        assert_eq!(ids(&backlog), [1]);
        inbox.close().await;
        assert!(place.start().await.held().is_empty());
    })
    .await;
}

/// An inbox in which so many updates of one lane have died, in order; they are in the sink too.
async fn with_dead_letters(place: &Place, many: i64) -> (Inbox, crate::support::Sink) {
    let (inbox, sink) = place.start_with_sink().await;
    for id in 0..many {
        inbox.receive(message(1, 7, id)).await.unwrap();
    }
    for one in sink.wait_for(usize::try_from(many).unwrap()).await {
        let told = Dead {
            dead_at: place.clock.now(),
            ..dead("gone")
        };
        inbox.journal().dead(one.seq, told);
    }
    settle(&inbox).await;
    (inbox, sink)
}

async fn quarantine(inbox: &Inbox, owner: u8, body: &[u8]) {
    let owner: ConnectionId = connection(owner);
    let (at, body) = (
        Timestamp::from_unix_seconds(1_767_225_600),
        Bytes::copy_from_slice(body),
    );
    inbox.quarantine(owner, at, body, "a test").await.unwrap();
}
