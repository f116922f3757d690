//! Stopping.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Semaphore;
use update_dispatcher::{Limits, Offer, Progress, Stage, StageOutcome};

use crate::support::{Bench, call, calls, connection, does, seconds};

fn waits_for(go: &Arc<Semaphore>) -> Arc<dyn Stage> {
    let go = Arc::clone(go);
    does(move |_| {
        let go = Arc::clone(&go);
        async move {
            let _permit = go.acquire().await?;
            Ok(StageOutcome::pass())
        }
    })
}

#[tokio::test]
async fn what_runs_is_finished_and_nothing_more_is_started() {
    let go = Arc::new(Semaphore::new(0));
    let bench = Bench::new(Limits::default(), vec![waits_for(&go)]);
    bench.message(1, 1, 7);
    bench.message(2, 1, 7);
    let drain = tokio::spawn({
        let dispatcher = bench.dispatcher.clone();
        async move { dispatcher.drain(seconds(30)).await }
    });
    bench
        .journal
        .until(|_| bench.dispatcher.snapshot().closed)
        .await;
    assert_eq!(bench.message(3, 1, 8), Offer::Closed);
    go.add_permits(1);
    let drained = drain.await.unwrap();
    assert!(drained.interrupted.is_empty());
    assert_eq!(drained.waiting, 1);
    assert_eq!(bench.journal.finished(1).await, [1]);
    bench.dispatcher.room().await;
}

#[tokio::test]
async fn at_the_deadline_handlers_are_broken_off_and_what_was_done_is_told() {
    let go = Arc::new(Semaphore::new(0));
    let first = does(|_| async {
        let calls = vec![call(&"a")];
        Ok(StageOutcome::go_on(calls))
    });
    let bench = Bench::new(Limits::default(), vec![first, waits_for(&go)]);
    bench.message(1, 1, 7);
    bench.journal.until(|_| !bench.called().is_empty()).await;
    let drain = tokio::spawn({
        let dispatcher = bench.dispatcher.clone();
        async move { dispatcher.drain(seconds(5)).await }
    });
    // The handler's own deadline, and that of the drain.
    bench.hands.sleepers(2).await;
    bench.hands.advance(seconds(5));
    let drained = drain.await.unwrap();
    assert_eq!(drained.interrupted.len(), 1);
    let told = bench.journal.retried(1).await;
    assert_eq!(
        (told.attempts, told.progress),
        (
            0,
            Progress {
                stage: 1,
                effect: 0
            }
        )
    );
}

#[tokio::test]
async fn dropping_the_dispatcher_lets_what_runs_end_and_starts_nothing() {
    let go = Arc::new(Semaphore::new(0));
    let bench = Bench::new(Limits::default(), vec![waits_for(&go)]);
    bench.message(1, 1, 7);
    bench.message(2, 1, 7);
    let Bench {
        dispatcher,
        journal,
        ..
    } = bench;
    drop(dispatcher);
    go.add_permits(1);
    assert_eq!(journal.finished(1).await, [1]);
    tokio::task::yield_now().await;
    assert_eq!(journal.finished(1).await, [1]);
    journal.until(|_| Arc::strong_count(&journal) == 1).await;
}

#[tokio::test]
async fn a_snapshot_tells_what_runs_and_what_waits() {
    let go = Arc::new(Semaphore::new(0));
    let bench = Bench::new(Limits::default(), vec![waits_for(&go)]);
    bench.message(1, 1, 7);
    bench.message(2, 1, 7);
    let snapshot = serde_json::to_value(bench.dispatcher.snapshot()).unwrap();
    let bytes = snapshot["totals"]["bytes"].clone();
    let expected = json!({
        "totals": {"running": 1, "waiting": 1, "bytes": bytes, "bots": 1},
        "closed": false,
        "bots": [{
            "connection": connection(1),
            "paused": false, "behind": false, "running": 1, "waiting": 1,
            "lanes": [{
                "lane": "chat:7",
                "running": {
                    "seq": 1, "update_id": 1, "kind": "message", "attempt": 1,
                    "since_unix_ms": 1_767_225_600_000_u64,
                },
                "waiting": 1, "oldest_unix_ms": 1_767_225_600_000_u64, "spilled": false,
                "retries": [],
            }],
        }],
    });
    assert_eq!(snapshot, expected);
}

#[tokio::test]
async fn an_idle_dispatcher_is_drained_at_once() {
    let bench = Bench::new(Limits::default(), vec![calls(&[])]);
    bench.message(1, 1, 7);
    bench.idle().await;
    assert_eq!(bench.dispatcher.drain(seconds(5)).await.waiting, 0);
}
