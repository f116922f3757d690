//! Who goes next when not all can.

use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;
use update_dispatcher::{Limits, Stage, StageOutcome};

use crate::support::{Bench, does};

/// Runs one at a time, in the order that the dispatcher chose; the first one waits until all are offered.
fn in_turn(order: &Arc<Mutex<Vec<i64>>>, go: &Arc<Semaphore>) -> Arc<dyn Stage> {
    let (order, go) = (Arc::clone(order), Arc::clone(go));
    does(move |incoming| {
        let (order, go) = (Arc::clone(&order), Arc::clone(&go));
        async move {
            let _permit = go.acquire().await?;
            order.lock().unwrap().push(incoming.seq.value());
            Ok(StageOutcome::pass())
        }
    })
}

async fn order_of(limits: Limits, offer: impl Fn(&Bench), count: usize) -> Vec<i64> {
    let order = Arc::new(Mutex::new(Vec::new()));
    let go = Arc::new(Semaphore::new(0));
    let bench = Bench::new(limits, vec![in_turn(&order, &go)]);
    offer(&bench);
    go.add_permits(1);
    bench.journal.finished(count).await;
    bench.idle().await;
    order.lock().unwrap().clone()
}

const ONE_BY_ONE: Limits = Limits {
    running: 1,
    running_per_bot: 1,
    loaded: 1_000,
    loaded_bytes: 1 << 20,
    loaded_per_bot: 1_000,
    waiting_per_lane: 64,
    refill: 64,
    refills: 4,
};

#[tokio::test]
async fn a_quiet_bot_waits_for_one_update_of_a_noisy_one() {
    let offer = |bench: &Bench| {
        for seq in 1..=50 {
            bench.message(seq, 1, seq);
        }
        bench.message(51, 2, 1);
        bench.message(52, 2, 2);
    };
    let order = order_of(ONE_BY_ONE, offer, 52).await;
    assert_eq!(order[..5], [1, 51, 2, 52, 3]);
}

#[tokio::test]
async fn a_bots_lanes_take_turns() {
    let offer = |bench: &Bench| {
        for seq in 1..=5 {
            bench.message(seq, 1, 7);
        }
        bench.message(6, 1, 8);
        bench.message(7, 1, 8);
        bench.message(8, 1, 9);
    };
    let order = order_of(ONE_BY_ONE, offer, 8).await;
    assert_eq!(order, [1, 6, 8, 2, 7, 3, 4, 5]);
}

#[tokio::test]
async fn urgent_updates_go_first_with_what_stands_before_them_in_their_lane() {
    let offer = |bench: &Bench| {
        for seq in 1..=3 {
            bench.message(seq, 1, seq);
        }
        bench.message(4, 2, 1);
        bench.tap(5, 2, 1);
        bench.tap(6, 3, 1);
    };
    let order = order_of(ONE_BY_ONE, offer, 6).await;
    assert_eq!(order, [1, 4, 6, 5, 2, 3]);
}

#[tokio::test]
async fn a_bot_uses_no_more_than_its_share_at_once() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let go = Arc::new(Semaphore::new(0));
    let limits = Limits {
        running: 5,
        running_per_bot: 3,
        ..Limits::default()
    };
    let bench = Bench::new(limits, vec![in_turn(&order, &go)]);
    for seq in 1..=10 {
        bench.message(seq, 1, seq);
    }
    assert_eq!(bench.dispatcher.totals().running, 3);
    for seq in 11..=20 {
        bench.message(seq, 2, seq);
    }
    assert_eq!(bench.dispatcher.totals().running, 5);
    go.add_permits(1);
    bench.journal.finished(20).await;
}
