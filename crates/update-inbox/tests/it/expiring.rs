//! What is deleted because its time is over, so that nobody who brings an update waits for it.

use std::ops::Range;
use std::time::Duration;

use ids::ConnectionId;
use update_inbox::{Expired, Inbox, Receipt};

use crate::support::{Place, connection, message, on_both};

#[tokio::test(flavor = "multi_thread")]
async fn blocks_whose_time_is_over_go_a_thousand_a_commit() {
    on_both(async |place| {
        let now = place.clock.now().unix_us();
        seen(&place, "void", 0..2_500, now - 73 * HOUR).await;
        seen(&place, "good", 0..300, now - 71 * HOUR).await;
        let inbox = place.start().await;
        inbox.ready().await.unwrap();
        let before = commits(&inbox);
        assert_eq!(inbox.expire().await.unwrap().blocks, 2_500);
        let commits = commits(&inbox) - before;
        assert!(commits >= 3, "{commits}");
        assert_eq!(inbox.expire().await.unwrap().blocks, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_updates_whose_time_is_over_go_a_thousand_a_commit_and_are_counted() {
    on_both(async |place| {
        let now = place.clock.now().unix_us();
        parked(&place, &connection(1), 1..3_501, now - 1).await;
        parked(&place, &connection(1), 3_501..3_601, now + HOUR).await;
        parked(&place, &connection(2), 3_601..3_701, now - 1).await;
        parked(&place, &connection(3), 3_701..3_801, now - 1).await;
        place
            .sql("UPDATE inbox_sequence SET next = 10000 WHERE id = 1")
            .await;
        let inbox = place.start().await;
        inbox.park(&connection(1));
        inbox.park(&connection(2));
        inbox.ready().await.unwrap();
        let before = commits(&inbox);
        assert_eq!(inbox.expire().await.unwrap().updates, 3_600);
        let commits = commits(&inbox) - before;
        assert!(commits >= 4, "{commits}");
        assert_eq!(inbox.figures().expired, 3_600);
        assert_eq!(inbox.expire().await.unwrap().updates, 0);
        // What is not due, and what is of a bot that is connected, is there still.
        assert_eq!(inbox.depth().await.unwrap().pending, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_far_on_and_right_again_deletes_nothing() {
    on_both(async |place| {
        let now = place.clock.now();
        seen(&place, "good", 0..300, now.unix_us()).await;
        parked(&place, &connection(1), 1..101, now.unix_us() + HOUR).await;
        place
            .sql("UPDATE inbox_sequence SET next = 10000 WHERE id = 1")
            .await;
        let inbox = place.start().await;
        inbox.park(&connection(1));
        assert_eq!(inbox.expire().await.unwrap(), Expired::default());
        place.hands.set(now + YEAR);
        assert_eq!(inbox.expire().await.unwrap(), Expired::default());
        place.hands.set(now);
        assert_eq!(inbox.expire().await.unwrap(), Expired::default());
        // What is believed after an hour was meant.
        place.hands.set(now + YEAR);
        assert_eq!(inbox.expire().await.unwrap(), Expired::default());
        place.hands.advance(Duration::from_secs(3_700));
        let expired = inbox.expire().await.unwrap();
        assert_eq!((expired.updates, expired.blocks), (100, 300));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_while_the_clock_was_wrong_does_not_count_for_longer() {
    on_both(async |place| {
        let now = place.clock.now();
        let inbox = place.start().await;
        inbox.expire().await.unwrap();
        place.hands.set(now + YEAR);
        // One in memory; those on disk were written meanwhile.
        assert_eq!(inbox.receive(message(1, 7, 5)).await, Ok(Receipt::Stored));
        seen(&place, "late", 0..1_200, (now + YEAR).unix_us()).await;
        place.hands.set(now);
        for _ in 0..3 {
            place.hands.advance(Duration::from_secs(3_700));
            assert_eq!(inbox.expire().await.unwrap().blocks, 0);
        }
        assert_eq!(
            inbox.receive(message(1, 7, 5)).await,
            Ok(Receipt::Duplicate)
        );
        place.hands.advance(Duration::from_secs(73 * 3_600));
        assert_eq!(inbox.receive(message(1, 7, 5)).await, Ok(Receipt::Stored));
        assert_eq!(inbox.expire().await.unwrap().blocks, 1_200);
    })
    .await;
}

/// Blocks that were touched at this time, and a microsecond apart.
async fn seen(place: &Place, of: &str, blocks: Range<u32>, touched_at_us: i64) {
    let bytes = bytes(place);
    let Range { start, end } = blocks;
    place
        .sql(&format!(
            "INSERT INTO inbox_seen (connection_id, block, bits, touched_at_us) {} \
             SELECT '{of}', n, CAST('x' AS {bytes}), {touched_at_us} + n FROM numbers",
            numbers(start, end)
        ))
        .await;
}

async fn parked(place: &Place, owner: &ConnectionId, seqs: Range<u32>, expires_at_us: i64) {
    let bytes = bytes(place);
    let Range { start, end } = seqs;
    place
        .sql(&format!(
            "INSERT INTO inbox_pending (seq, connection_id, update_id, kind, lane, urgent, received_at_us, expires_at_us, \
             attempts, stage, effect, body) {} \
             SELECT n, '{owner}', n, 'message', 'chat:7', false, 0, {expires_at_us}, 0, 0, 0, CAST('x' AS {bytes}) \
             FROM numbers",
            numbers(start, end)
        ))
        .await;
}

fn numbers(start: u32, end: u32) -> String {
    format!(
        "WITH RECURSIVE numbers(n) AS (SELECT {start} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {end})"
    )
}

fn bytes(place: &Place) -> &'static str {
    if place.is_sqlite() { "BLOB" } else { "BYTEA" }
}

fn commits(inbox: &Inbox) -> u64 {
    inbox.figures().commit_us.counts.iter().sum()
}

/// In microseconds.
const HOUR: i64 = 3_600_000_000;

const YEAR: Duration = Duration::from_secs(365 * 86_400);
