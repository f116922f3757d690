//! Bots that want everything, and what is left to the others. Time stands still: no deadline and no retry helps anybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ids::ConnectionId;
use update_dispatcher::{Incoming, Limits, Offer, Stage, StageError, StageOutcome};

use crate::support::{Bench, connection, does};

/// Bots with this number and above are quiet.
const QUIET: u8 = 100;

#[derive(Clone, Copy, Debug)]
enum Manner {
    Noisy,
    Hangs,
    Fails,
    Panics,
}

async fn behave(manner: Manner) -> Result<StageOutcome, StageError> {
    match manner {
        Manner::Noisy => {
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
        }
        Manner::Hangs => std::future::pending().await,
        Manner::Fails => return Err(StageError::later("it always does")),
        Manner::Panics => std::panic::resume_unwind(Box::new("without a word")),
    }
    Ok(StageOutcome::pass())
}

/// Counts what quiet bots get done; the others behave by their number.
fn street(
    manner: impl Fn(u8) -> Manner + Send + Sync + 'static,
    done: &Arc<AtomicUsize>,
) -> Arc<dyn Stage> {
    let done = Arc::clone(done);
    let bots: Vec<ConnectionId> = (0..QUIET).map(connection).collect();
    does(move |incoming: Incoming| {
        let bad = (0..QUIET).find(|bot| bots[usize::from(*bot)] == incoming.connection);
        let (manner, done) = (bad.map(&manner), Arc::clone(&done));
        async move {
            match manner {
                Some(manner) => behave(manner).await,
                None => {
                    done.fetch_add(1, Ordering::Relaxed);
                    Ok(StageOutcome::pass())
                }
            }
        }
    })
}

/// In each round, all of the bad bots send 50 updates in 10 chats and each of the quiet ones one, which must be handled before
/// the next round.
async fn nobody_minds(bad: u8, manner: impl Fn(u8) -> Manner + Send + Sync + 'static) {
    let limits = Limits {
        loaded: 256,
        running: 32,
        running_per_bot: 8,
        ..Limits::default()
    };
    let done = Arc::new(AtomicUsize::new(0));
    let bench = Bench::new(limits, vec![street(manner, &done)]);
    let mut seqs = 1..;
    for round in 1..=8 {
        for (bot, chat) in (0..50).flat_map(|chat| (0..bad).map(move |bot| (bot, chat % 10))) {
            let offer = bench.message(seqs.next().unwrap(), bot, chat);
            assert!(matches!(offer, Offer::Loaded | Offer::Spilled), "{offer:?}");
        }
        for bot in QUIET..QUIET + 10 {
            let offer = bench.message(seqs.next().unwrap(), bot, 1);
            assert_eq!(
                offer,
                Offer::Loaded,
                "round {round}, {:?}",
                bench.dispatcher.totals()
            );
        }
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        assert_eq!(done.load(Ordering::Relaxed), 10 * round);
    }
    let totals = bench.dispatcher.totals();
    assert!(totals.waiting + totals.running <= 256, "{totals:?}");
}

#[tokio::test]
async fn one_of_each_kind_leaves_the_others_alone() {
    let kinds = [Manner::Noisy, Manner::Hangs, Manner::Fails, Manner::Panics];
    nobody_minds(4, move |bot| kinds[usize::from(bot)]).await;
}

#[tokio::test]
async fn many_that_hang_use_up_neither_memory_nor_turns() {
    nobody_minds(24, |_| Manner::Hangs).await;
}

#[tokio::test]
async fn many_that_fail_do_not_fill_the_memory_with_what_waits_for_a_retry() {
    nobody_minds(24, |bot| {
        [Manner::Fails, Manner::Panics][usize::from(bot % 2)]
    })
    .await;
}

#[tokio::test]
async fn many_noisy_ones_take_turns_with_the_rest() {
    nobody_minds(24, |_| Manner::Noisy).await;
}

#[tokio::test]
async fn what_was_left_on_disk_when_memory_was_short_comes_when_there_is_room() {
    let limits = Limits {
        loaded: 16,
        ..Limits::default()
    };
    let done = Arc::new(AtomicUsize::new(0));
    let manners = |bot| {
        if bot == 0 {
            Manner::Hangs
        } else {
            Manner::Noisy
        }
    };
    let bench = Bench::new(limits, vec![street(manners, &done)]);
    // Bot 0 holds half of the memory and does not move; a quiet bot's rest is read as its own goes out.
    for seq in 1..=50 {
        bench.message(seq, 0, seq);
    }
    let offers: Vec<_> = (51..=100)
        .map(|seq| bench.message(seq, QUIET, seq))
        .collect();
    assert!(offers.contains(&Offer::Spilled) && !offers.contains(&Offer::Full));
    bench
        .journal
        .until(|_| done.load(Ordering::Relaxed) == 50)
        .await;
    let held = bench.dispatcher.snapshot_of(&connection(0)).unwrap();
    assert!(held.behind && held.running + held.waiting <= 8, "{held:?}");
}
