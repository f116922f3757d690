//! Many updates share a task as long as none has to wait; whoever waits or blocks holds up nobody else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use update_dispatcher::{Limits, Seq, StageOutcome};

use crate::support::{Bench, does, message, queued};

const COUNT: i64 = 300;

fn offer_all(bench: &Bench, seqs: impl Iterator<Item = i64>) {
    let updates = seqs.map(|seq| queued(seq, (seq % 5) as u8, &message(seq, seq), &bench.clock));
    let offered = bench.dispatcher.offer_all(updates.collect());
    assert!(offered.rest.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_blocks_its_thread_delays_nobody() {
    let (release, blocked) = mpsc::channel();
    let blocked = Arc::new(Mutex::new(blocked));
    let stage = does(move |incoming| {
        let blocked = Arc::clone(&blocked);
        async move {
            if incoming.seq == Seq::new(3) {
                let _ = blocked.lock().unwrap().recv();
            }
            if incoming.seq.value() % 7 == 0 {
                tokio::task::yield_now().await;
            }
            Ok(StageOutcome::pass())
        }
    });
    let bench = Bench::new(Limits::default(), vec![stage]);
    let rest = COUNT as usize - 1;
    offer_all(&bench, 1..=COUNT / 2);
    let (dispatcher, clock) = (bench.dispatcher.clone(), bench.clock.clone());
    // And while it blocks, more come.
    for seq in COUNT / 2 + 1..=COUNT {
        dispatcher.offer(queued(seq, (seq % 5) as u8, &message(seq, seq), &clock));
        tokio::task::yield_now().await;
    }
    let finished = bench.journal.finished(rest).await;
    assert!(!finished.contains(&3));
    release.send(()).unwrap();
    bench.journal.finished(rest + 1).await;
    bench.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_are_handled_at_the_same_time() {
    // Each waits, without giving up its thread, until another is there.
    let there = Arc::new(AtomicUsize::new(0));
    let stage = does(move |_| {
        let there = Arc::clone(&there);
        async move {
            there.fetch_add(1, Ordering::SeqCst);
            while there.load(Ordering::SeqCst) < 3 {
                std::thread::yield_now();
            }
            Ok(StageOutcome::pass())
        }
    });
    let bench = Bench::new(Limits::default(), vec![stage]);
    offer_all(&bench, 1..=20);
    bench.journal.finished(20).await;
    bench.idle().await;
}

#[tokio::test]
async fn a_panic_ends_neither_the_runner_nor_its_neighbors() {
    let stage = does(|incoming| async move {
        if incoming.attempt == 1 && incoming.seq.value() % 2 == 0 {
            std::panic::resume_unwind(Box::new("without a word"));
        }
        Ok(StageOutcome::pass())
    });
    let bench = Bench::new(Limits::default(), vec![stage]);
    offer_all(&bench, 1..=40);
    let finished = bench.journal.finished(20).await;
    assert_eq!(finished.iter().filter(|seq| *seq % 2 == 0).count(), 0);
    bench.journal.retried(20).await;
    bench.hands.sleepers(1).await;
    bench.hands.advance_to_next();
    bench.journal.finished(40).await;
    bench.idle().await;
}
