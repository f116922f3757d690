//! Commits that fail one after the other.

use update_inbox::{Inbox, Receipt, Refused};

use crate::support::{Place, message, on_both};

#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_read_once_in_a_streak_of_failures() {
    on_both(async |place| {
        let inbox = fail_twice(&place).await;
        // Nobody commits without taking a number, so nobody looks.
        place.sql("DELETE FROM inbox_recent").await;
        place.take_updates().await;
        let known = inbox.receive(message(1, 7, 12)).await;
        assert_eq!(known, Ok(Receipt::Duplicate));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_has_committed_meanwhile_is_read() {
    on_both(async |place| {
        let inbox = fail_twice(&place).await;
        place.sql("DELETE FROM inbox_recent").await;
        place.sql("UPDATE inbox_sequence SET next = next + 1").await;
        place.take_updates().await;
        let known = inbox.receive(message(1, 7, 12)).await;
        assert_eq!(known, Ok(Receipt::Stored));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_in_a_streak_holds_after_it() {
    on_both(async |place| {
        let inbox = fail_twice(&place).await;
        place.take_updates().await;
        for id in [13, 14] {
            let new = inbox.receive(message(1, 7, id)).await;
            assert_eq!(new, Ok(Receipt::Stored));
        }
        for id in [12, 13, 14] {
            let known = inbox.receive(message(1, 7, id)).await;
            assert_eq!(known, Ok(Receipt::Duplicate));
        }
        inbox.close().await;
        assert_eq!(place.pending().await.len(), 3);
    })
    .await;
}

/// An inbox that holds update 12, and whose last three commits failed: the last two have read the database, or need not.
async fn fail_twice(place: &Place) -> Inbox {
    let inbox = place.start().await;
    inbox.receive(message(1, 7, 12)).await.unwrap();
    place.refuse_updates().await;
    for _ in 0..3 {
        let refused = inbox.receive(message(1, 7, 13)).await;
        assert_eq!(refused, Err(Refused::Unavailable));
    }
    inbox
}
