//! What is deleted because its time is over, so that nobody who brings an update waits for it.

use std::ops::Range;

use ids::ConnectionId;
use update_inbox::Inbox;

use crate::support::{Place, connection, on_both};

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
        inbox.pause(&connection(1));
        inbox.pause(&connection(2));
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
