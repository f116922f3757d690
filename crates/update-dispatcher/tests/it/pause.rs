//! Pausing a connection, and letting it go on.

use std::sync::Arc;

use tokio::sync::Semaphore;
use update_dispatcher::{Failure, Limits, Offer, RetryWhen, Seq, Stage, StageOutcome};

use crate::support::{Bench, calls, connection, does, seconds};

fn first_waits_for(go: &Arc<Semaphore>) -> Arc<dyn Stage> {
    let go = Arc::clone(go);
    does(move |_| {
        let go = Arc::clone(&go);
        async move {
            go.acquire().await?.forget();
            Ok(StageOutcome::end(vec![crate::support::call(
                &"sendMessage",
            )]))
        }
    })
}

#[tokio::test]
async fn what_waits_leaves_memory_and_what_runs_is_finished() {
    let go = Arc::new(Semaphore::new(0));
    let bench = Bench::new(Limits::default(), vec![first_waits_for(&go)]);
    for seq in 1..=4 {
        bench.message(seq, 1, 7);
    }
    bench.message(5, 2, 7);
    assert_eq!(bench.dispatcher.pause(&connection(1)), 3);
    assert_eq!(bench.message(6, 1, 8), Offer::Paused);
    let paused = bench.dispatcher.snapshot_of(&connection(1)).unwrap();
    assert!(paused.paused);
    assert_eq!((paused.running, paused.waiting), (1, 0));
    go.add_permits(100);
    let mut finished = bench.journal.finished(2).await;
    finished.sort_unstable();
    assert_eq!(finished, [1, 5]);

    assert!(bench.dispatcher.resume(&connection(1), Seq::new(6)));
    assert_eq!(
        bench.message(7, 1, 7),
        Offer::Spilled,
        "those before it come first"
    );
    let finished = bench.journal.finished(7).await;
    let in_lane: Vec<_> = finished[2..]
        .iter()
        .copied()
        .filter(|seq| *seq != 6)
        .collect();
    assert_eq!(in_lane, [2, 3, 4, 7]);
    bench.idle().await;
    assert_eq!(
        bench.message(8, 1, 7),
        Offer::Loaded,
        "as if nothing had been"
    );
}

#[tokio::test]
async fn a_retry_that_was_paused_keeps_its_time_and_its_progress() {
    let bench = Bench::new(Limits::default(), vec![calls(&["a", "b"])]);
    let failure = Failure {
        retry: RetryWhen::After(seconds(60)),
        reason: "busy".into(),
    };
    bench.caller.failures.lock().unwrap().push(("b", failure));
    bench.message(1, 1, 7);
    bench.journal.retried(1).await;
    bench
        .journal
        .until(|_| bench.dispatcher.totals().running == 0)
        .await;
    assert_eq!(bench.dispatcher.pause(&connection(1)), 1);
    assert!(bench.dispatcher.resume(&connection(1), Seq::new(1)));
    bench
        .journal
        .until(|_| bench.dispatcher.totals().waiting == 1)
        .await;
    let waiting = bench.dispatcher.snapshot_of(&connection(1)).unwrap();
    let retry = &waiting.lanes[0].retries[0];
    assert_eq!(
        (retry.attempts, retry.not_before),
        (1, bench.clock.now() + seconds(60))
    );
    assert_eq!(retry.reason.as_deref(), Some("b: busy"));
    bench.hands.advance(seconds(60));
    bench.journal.finished(1).await;
    assert_eq!(bench.called(), ["a", "b"]);
}

#[tokio::test]
async fn a_connection_that_is_resumed_with_nothing_to_do_is_forgotten() {
    let bench = Bench::new(Limits::default(), vec![]);
    assert!(!bench.dispatcher.resume(&connection(1), Seq::ZERO));
    assert_eq!(bench.dispatcher.pause(&connection(1)), 0);
    assert_eq!(bench.dispatcher.totals().bots, 1);
    assert!(bench.dispatcher.resume(&connection(1), Seq::new(9)));
    bench.idle().await;
}
