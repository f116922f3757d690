//! Many updates offered at once.

use update_dispatcher::{Limits, Offer, Queued, Seq, StageOutcome};

use crate::support::{Bench, calls, connection, does, message, queued, seconds};

fn batch(bench: &Bench, updates: impl IntoIterator<Item = (i64, u8, i64)>) -> Vec<Queued> {
    let updates = updates.into_iter();
    let updates =
        updates.map(|(seq, bot, chat)| queued(seq, bot, &message(seq, chat), &bench.clock));
    updates
        .inspect(|queued| {
            let mut rows = bench.journal.rows.lock().unwrap();
            rows.insert(queued.seq, queued.clone());
        })
        .collect()
}

#[tokio::test]
async fn a_batch_is_handled_in_order_and_a_hot_lane_stays_in_memory() {
    let bench = Bench::new(Limits::default(), vec![calls(&[])]);
    // No question could be answered.
    *bench.journal.broken.lock().unwrap() = u32::MAX;
    for first in (1..=5_000).step_by(500) {
        let updates = batch(&bench, (first..first + 500).map(|seq| (seq, 1, 7)));
        let offered = bench.dispatcher.offer_all(updates);
        assert_eq!((offered.loaded, offered.stopped), (500, None));
        assert!(offered.left.is_empty() && offered.rest.is_empty());
    }
    let finished = bench.journal.finished(5_000).await;
    assert_eq!(finished, (1..=5_000).collect::<Vec<_>>());
    bench.idle().await;
}

#[tokio::test]
async fn what_is_left_out_is_named_and_what_there_is_no_room_for_comes_back() {
    let limits = Limits {
        loaded: 4,
        waiting_per_lane: 2,
        ..Limits::default()
    };
    let hangs = does(|_| std::future::pending::<Result<StageOutcome, _>>());
    let bench = Bench::new(limits, vec![hangs]);
    bench.dispatcher.pause(&connection(2));
    let updates = batch(
        &bench,
        [
            (1, 1, 7),
            (2, 1, 7),
            (3, 1, 7),
            (4, 2, 7),
            (5, 3, 7),
            (6, 4, 7),
            (7, 5, 7),
            (8, 2, 7),
        ],
    );
    let offered = bench.dispatcher.offer_all(updates.clone());
    assert_eq!(offered.loaded, 4);
    let left = [(Seq::new(3), Offer::Spilled), (Seq::new(4), Offer::Paused)];
    assert_eq!(offered.left, left);
    assert_eq!(offered.stopped, Some(Offer::Full));
    assert_eq!(offered.rest, updates[6..]);

    assert_eq!(bench.dispatcher.offer_all(Vec::new()), Default::default());
    bench.dispatcher.drain(seconds(0)).await;
    let offered = bench.dispatcher.offer_all(offered.rest);
    assert_eq!((offered.loaded, offered.stopped), (0, Some(Offer::Closed)));
    assert_eq!(offered.rest, updates[6..]);
}

#[tokio::test]
async fn what_is_in_memory_already_is_not_loaded_again() {
    let bench = Bench::new(Limits::default(), vec![calls(&["sendMessage"])]);
    let updates = batch(&bench, [(1, 1, 7), (2, 1, 7), (3, 1, 8)]);
    bench.dispatcher.offer_all(updates.clone());
    assert_eq!(bench.dispatcher.offer_all(updates).loaded, 3);
    bench.journal.finished(3).await;
    bench.idle().await;
    assert_eq!(bench.called().len(), 3);
}
