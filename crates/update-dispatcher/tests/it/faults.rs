//! Handlers that panic or hang, and bodies that cannot be read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use update_dispatcher::{DeadCause, Limits, Offer, StageOutcome};

use crate::support::{Bench, calls, does, message, queued, seconds};

#[tokio::test]
async fn a_panic_costs_its_own_update_an_attempt_and_nobody_else_anything() {
    let tries = Arc::new(AtomicU32::new(0));
    let stage = does({
        let tries = Arc::clone(&tries);
        move |incoming| {
            // The first attempt panics before there is a future, the second within it.
            let attempt =
                (incoming.seq.value() == 1).then(|| tries.fetch_add(1, Ordering::Relaxed));
            assert_ne!(attempt, Some(0), "a panic that a test wants");
            async move {
                tokio::task::yield_now().await;
                assert_ne!(attempt, Some(1), "a panic that a test wants");
                Ok(StageOutcome::pass())
            }
        }
    });
    let bench = Bench::new(Limits::default(), vec![stage]);
    bench.message(1, 1, 7);
    bench.message(2, 1, 8);
    assert_eq!(bench.journal.finished(1).await, [2]);
    for (count, delay) in [(1, 1), (2, 5)] {
        assert_eq!(bench.journal.retried(count).await.reason, "test panicked");
        bench.hands.sleepers(1).await;
        bench.hands.advance(seconds(delay));
    }
    assert_eq!(bench.journal.finished(2).await, [2, 1]);
    bench.idle().await;
}

#[tokio::test]
async fn a_handler_that_hangs_is_broken_off_at_its_deadline() {
    let stage = does(|incoming| async move {
        if incoming.attempt == 1 {
            std::future::pending::<()>().await;
        }
        Ok(StageOutcome::pass())
    });
    let bench = Bench::new(Limits::default(), vec![stage]);
    bench.message(1, 1, 7);
    bench.hands.sleepers(1).await;
    assert_eq!(bench.hands.advance_to_next(), Some(seconds(10)));
    assert_eq!(
        bench.journal.retried(1).await.reason,
        "test: no answer within 10s"
    );
    bench.hands.sleepers(1).await;
    assert_eq!(bench.hands.advance_to_next(), Some(seconds(1)));
    bench.journal.finished(1).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_a_dead_letter_and_the_lane_goes_on() {
    let bench = Bench::new(Limits::default(), vec![calls(&[])]);
    let mut broken = queued(1, 1, &message(1, 7), &bench.clock);
    broken.body = Bytes::from_static(b"{\"update_id\":1,\"message\":{\"text\":\"a secret");
    assert_eq!(bench.dispatcher.offer(broken), Offer::Loaded);
    bench.message(2, 1, 7);
    assert_eq!(bench.journal.finished(1).await, [2]);
    let dead = bench.journal.dead(1).await;
    assert_eq!(dead[0].1.cause, DeadCause::Unreadable);
    assert!(!dead[0].1.reason.contains("secret"), "{}", dead[0].1.reason);
}
