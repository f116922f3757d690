//! Memory is bounded, and given back.

use std::sync::Arc;

use tokio::sync::Semaphore;
use update_dispatcher::{Limits, Offer, Stage, StageOutcome, Totals};

use crate::support::{Bench, calls, connection, does, message, queued};

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
async fn when_memory_is_full_the_caller_waits_for_room() {
    let go = Arc::new(Semaphore::new(0));
    let limits = Limits {
        loaded: 3,
        ..Limits::default()
    };
    let bench = Bench::new(limits, vec![waits_for(&go)]);
    bench.dispatcher.room().await;
    for seq in 1..=3 {
        assert_eq!(bench.message(seq, 1, seq), Offer::Loaded);
    }
    assert_eq!(bench.message(4, 2, 4), Offer::Full);
    let room = tokio::spawn({
        let dispatcher = bench.dispatcher.clone();
        async move { dispatcher.room().await }
    });
    tokio::task::yield_now().await;
    assert!(!room.is_finished());
    go.add_permits(1);
    room.await.unwrap();
    assert_eq!(bench.message(4, 2, 4), Offer::Loaded);
    bench.journal.finished(4).await;
}

#[tokio::test]
async fn bytes_count_too_but_a_single_update_always_fits() {
    let go = Arc::new(Semaphore::new(0));
    let limits = Limits {
        loaded_bytes: 10,
        ..Limits::default()
    };
    let bench = Bench::new(limits, vec![waits_for(&go)]);
    assert_eq!(bench.message(1, 1, 1), Offer::Loaded);
    assert_eq!(bench.message(2, 1, 2), Offer::Full);
    go.add_permits(1);
    bench.dispatcher.room().await;
    assert_eq!(bench.message(2, 1, 2), Offer::Loaded);
    bench.journal.finished(2).await;
}

#[tokio::test]
async fn a_noisy_bot_cannot_fill_the_memory_and_catches_up_in_order() {
    let go = Arc::new(Semaphore::new(0));
    let limits = Limits {
        loaded_per_bot: 10,
        refill: 4,
        running: 1,
        ..Limits::default()
    };
    let bench = Bench::new(limits, vec![waits_for(&go)]);
    let loaded = |offer: &Offer| *offer == Offer::Loaded;
    let offers: Vec<_> = (1..=40).map(|seq| bench.message(seq, 1, seq % 4)).collect();
    assert_eq!(offers.iter().filter(|offer| loaded(offer)).count(), 10);
    assert_eq!(
        bench.message(41, 2, 1),
        Offer::Loaded,
        "there is room for another"
    );
    assert!(bench.dispatcher.snapshot_of(&connection(1)).unwrap().behind);
    go.add_permits(1);
    let finished = bench.journal.finished(41).await;
    for chat in 0..4 {
        let of_chat: Vec<_> = finished
            .iter()
            .copied()
            .filter(|seq| *seq <= 40 && seq % 4 == chat)
            .collect();
        assert_eq!(of_chat.len(), 10);
        assert!(of_chat.is_sorted());
    }
    bench.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_thousand_lanes_leave_nothing_behind() {
    let bench = Bench::new(Limits::default(), vec![calls(&["sendMessage"])]);
    for seq in 1..=50_000 {
        // Not kept in the journal: this is about the dispatcher's memory.
        let update = queued(seq, (seq % 250) as u8, &message(seq, seq), &bench.clock);
        while bench.dispatcher.offer(update.clone()) != Offer::Loaded {
            bench.dispatcher.room().await;
            tokio::task::yield_now().await;
        }
    }
    bench
        .journal
        .until(|memory| memory.finished.lock().unwrap().len() == 50_000)
        .await;
    bench.idle().await;
    assert_eq!(bench.dispatcher.totals(), Totals::default());
    assert!(bench.dispatcher.snapshot().bots.is_empty());
}
