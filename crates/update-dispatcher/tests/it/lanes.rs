//! Order within a lane, side by side across lanes, and who may overtake.

use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;
use update_dispatcher::{Failure, Limits, Offer, RetryWhen, StageOutcome};

use crate::support::{Bench, calls, connection, does, queued, seconds};

#[tokio::test]
async fn a_lane_runs_in_order_however_it_is_scheduled() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let stage = does({
        let order = Arc::clone(&order);
        move |incoming| {
            let order = Arc::clone(&order);
            async move {
                // Later ones would be through sooner.
                for _ in 0..20 - incoming.seq.value() {
                    tokio::task::yield_now().await;
                }
                order.lock().unwrap().push(incoming.seq.value());
                Ok(StageOutcome::pass())
            }
        }
    });
    let bench = Bench::new(Limits::default(), vec![stage]);
    for seq in 1..=10 {
        assert_eq!(bench.message(seq, 1, 7), Offer::Loaded);
    }
    bench.journal.finished(10).await;
    assert_eq!(*order.lock().unwrap(), (1..=10).collect::<Vec<_>>());
    bench.idle().await;
}

#[tokio::test]
async fn lanes_run_side_by_side_and_a_hanging_one_delays_nobody() {
    let release = Arc::new(Semaphore::new(0));
    let stage = does({
        let release = Arc::clone(&release);
        move |incoming| {
            let release = Arc::clone(&release);
            async move {
                if incoming.seq.value() == 1 {
                    release.acquire().await?.forget();
                }
                Ok(StageOutcome::pass())
            }
        }
    });
    let bench = Bench::new(Limits::default(), vec![stage]);
    for (seq, bot, chat) in [(1, 1, 7), (2, 1, 7), (3, 1, 8), (4, 2, 7)] {
        bench.message(seq, bot, chat);
    }
    assert_eq!(bench.journal.finished(2).await, [3, 4]);
    assert_eq!(bench.dispatcher.totals().running, 1);
    assert_eq!(bench.dispatcher.totals().waiting, 1);
    release.add_permits(1);
    assert_eq!(bench.journal.finished(4).await, [3, 4, 1, 2]);
}

#[tokio::test]
async fn what_is_in_memory_already_is_ignored() {
    let bench = Bench::new(Limits::default(), vec![calls(&["sendMessage"])]);
    bench.message(1, 1, 7);
    bench.message(2, 1, 7);
    assert_eq!(bench.message(1, 1, 7), Offer::Loaded);
    assert_eq!(bench.message(2, 1, 7), Offer::Loaded);
    bench.idle().await;
    assert_eq!(bench.journal.finished(2).await, [1, 2]);
    assert_eq!(bench.called().len(), 2);
}

#[tokio::test]
async fn an_urgent_update_overtakes_a_retry_and_nothing_else() {
    let bench = Bench::new(Limits::default(), vec![calls(&["sendMessage"])]);
    let failure = Failure {
        retry: RetryWhen::Later,
        reason: "no network".into(),
    };
    bench
        .caller
        .failures
        .lock()
        .unwrap()
        .push(("sendMessage", failure));
    // All before anything runs: the runtime has one thread, and it is ours.
    bench.message(1, 1, 7);
    bench.tap(2, 1, 7);
    bench.message(3, 1, 7);
    bench.tap(4, 1, 7);
    assert_eq!(
        bench.journal.finished(1).await,
        [2],
        "while 1 waits for its retry"
    );
    bench.hands.sleepers(1).await;
    assert_eq!(bench.journal.finished(1).await, [2], "4 may not overtake 3");
    bench.hands.advance(seconds(1));
    assert_eq!(bench.journal.finished(4).await, [2, 1, 3, 4]);
    bench.idle().await;
}

#[tokio::test]
async fn a_lane_refills_itself_when_more_came_than_it_may_hold() {
    let limits = Limits {
        waiting_per_lane: 4,
        refill: 3,
        ..Limits::default()
    };
    let bench = Bench::new(limits, vec![calls(&["sendMessage"])]);
    let offers: Vec<_> = (1..=50).map(|seq| bench.message(seq, 1, 7)).collect();
    assert_eq!(
        offers
            .iter()
            .filter(|offer| **offer == Offer::Loaded)
            .count(),
        5
    );
    assert!(offers[5..].iter().all(|offer| *offer == Offer::Spilled));
    assert_eq!(
        bench.message(51, 1, 8),
        Offer::Loaded,
        "the next lane does not mind"
    );
    let finished = bench.journal.finished(51).await;
    let in_lane: Vec<_> = finished.into_iter().filter(|seq| *seq != 51).collect();
    assert_eq!(in_lane, (1..=50).collect::<Vec<_>>());
    bench.idle().await;
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_is_asked_again() {
    let limits = Limits {
        waiting_per_lane: 1,
        refill: 8,
        ..Limits::default()
    };
    let bench = Bench::new(limits, vec![calls(&[])]);
    *bench.journal.broken.lock().unwrap() = 2;
    for seq in 1..=6 {
        bench.message(seq, 1, 7);
    }
    for left in [1, 0] {
        bench
            .journal
            .until(|memory| *memory.broken.lock().unwrap() == left)
            .await;
        bench.hands.sleepers(1).await;
        bench.hands.advance(seconds(1));
    }
    assert_eq!(bench.journal.finished(6).await, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn an_offer_may_come_from_any_thread() {
    let bench = Bench::new(Limits::default(), vec![calls(&[])]);
    let update = queued(1, 1, &crate::support::message(1, 7), &bench.clock);
    let dispatcher = bench.dispatcher.clone();
    let offer = std::thread::spawn(move || dispatcher.offer(update))
        .join()
        .unwrap();
    assert_eq!(offer, Offer::Loaded);
    bench.journal.finished(1).await;
    assert!(bench.dispatcher.snapshot_of(&connection(1)).is_none());
}
