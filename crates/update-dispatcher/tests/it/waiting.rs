//! What is no fault of an update costs it time and nothing else.

use std::sync::atomic::Ordering;
use std::time::Duration;

use update_dispatcher::{DeadCause, Failure, Limits, Progress, RetryWhen};

use crate::support::{Bench, Memory, calls, seconds};

const HOUR: u64 = 3_600;

/// Lets time pass alarm by alarm, so that each attempt happens when it is due.
async fn pass(bench: &Bench, span: Duration) {
    let until = bench.clock.now() + span;
    while bench.clock.now() < until {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        if bench.hands.advance_to_next().is_none() {
            return;
        }
    }
}

fn outage(bench: &Bench, reasons: &[&'static str]) {
    *bench.caller.outage.lock().unwrap() = reasons.to_vec();
}

#[tokio::test]
async fn an_outage_of_hours_loses_nothing() {
    let bench = Bench::new(Limits::default(), vec![calls(&["a", "b"])]);
    outage(&bench, &["not reached"]);
    for seq in 1..=3 {
        bench.message(seq, 1, 7);
    }
    pass(&bench, seconds(6 * HOUR)).await;
    let tried = bench.caller.missed.load(Ordering::Relaxed);
    assert!((360..370).contains(&tried), "once a minute: {tried}");
    assert!(bench.called().is_empty());
    assert!(bench.journal.dead.lock().unwrap().is_empty());

    // The first, second, fourth … 256th time.
    let retries = bench.journal.retries.lock().unwrap().clone();
    assert_eq!(retries.len(), 9);
    let (_, last) = retries.last().unwrap();
    assert_eq!((last.attempts, last.history.len()), (0, 1));
    assert_eq!(last.history[0].number, 1);
    let since = bench.clock.now().unix_ms() - last.history[0].failed_at_unix_ms;
    assert!(since < 3 * HOUR * 1_000, "folded into the last: {since}");
    let snapshot = bench.dispatcher.snapshot();
    let waiting = &snapshot.bots[0].lanes[0].retries[0];
    assert_eq!(waiting.reason.as_deref(), Some("a: not reached"));

    outage(&bench, &[]);
    pass(&bench, seconds(61)).await;
    assert_eq!(bench.journal.finished(3).await, [1, 2, 3]);
    let outcome = bench.journal.finished.lock().unwrap()[0].1.clone();
    assert_eq!((outcome.attempts, outcome.calls), (0, 2));
    bench.idle().await;
}

#[tokio::test]
async fn an_update_waits_no_longer_than_telegram_would_have_kept_it() {
    let bench = Bench::new(Limits::default(), vec![calls(&["a"])]);
    outage(&bench, &["not reached"]);
    let began = bench.clock.now();
    bench.message(1, 1, 7);
    bench.tap(2, 1, 8);
    pass(&bench, seconds(25 * HOUR)).await;
    let dead = bench.journal.dead(2).await;
    for ((seq, letter), (expected, kept)) in dead.iter().zip([(2, 150), (1, 24 * HOUR)]) {
        assert_eq!((*seq, letter.cause), (expected, DeadCause::Expired));
        assert_eq!((letter.attempts, letter.history.len()), (0, 1));
        assert_eq!(letter.reason, "a: not reached");
        let lived = letter.dead_at.since(began);
        assert!((seconds(kept - 60)..=seconds(kept)).contains(&lived));
    }
    bench.idle().await;
}

#[tokio::test]
async fn a_history_of_changing_reasons_is_bounded() {
    let bench = Bench::new(Limits::default(), vec![calls(&["a"])]);
    outage(&bench, &["not reached", "token refused"]);
    bench.message(1, 1, 7);
    pass(&bench, seconds(2 * HOUR)).await;
    assert_eq!(bench.journal.retries.lock().unwrap().len(), 7);
    let last = bench.journal.retried(7).await;
    assert_eq!((last.attempts, last.history.len()), (0, 20));
}

#[tokio::test]
async fn waiting_does_not_use_up_the_attempts_and_a_call_that_is_made_is_news() {
    let bench = Bench::new(Limits::default(), vec![calls(&["a", "b"])]);
    let fail = |method, retry| {
        let reason = "as the test says".into();
        (method, Failure { retry, reason })
    };
    let waiting = |told: Option<u64>| RetryWhen::Waiting {
        told: told.map(seconds),
    };
    let failures = [
        fail("a", waiting(None)),
        fail("a", RetryWhen::Later),
        fail("a", waiting(Some(40))),
        fail("a", waiting(None)),
        fail("a", waiting(None)),
        fail("b", waiting(None)),
    ];
    bench.caller.failures.lock().unwrap().extend(failures);
    bench.message(1, 1, 7);
    pass(&bench, seconds(60)).await;
    bench.journal.finished(1).await;
    let retries = bench.journal.retries.lock().unwrap().clone();
    let told: Vec<_> = retries
        .iter()
        .map(|(_, retry)| (retry.attempts, retry.progress.effect, retry.history.len()))
        .collect();
    // The third wait in a row at the first call is no news.
    assert_eq!(
        told,
        [(0, 0, 1), (1, 0, 2), (1, 0, 3), (1, 0, 3), (1, 1, 4)]
    );
    let numbers = retries[4].1.history.iter().map(|failure| failure.number);
    assert_eq!(numbers.collect::<Vec<_>>(), [1, 1, 2, 2]);
    let at = |retry: usize| retries[retry].1.not_before;
    let second = bench.clock.now().unix_ms() - retries[2].1.history[2].failed_at_unix_ms;
    assert!(second >= 40_000, "as it was told: {second}");
    assert!(at(4) > at(3));
    assert_eq!(
        retries[4].1.progress,
        Progress {
            stage: 0,
            effect: 1
        }
    );
    assert_eq!(bench.called(), ["a", "b"]);
    let outcome = bench.journal.finished.lock().unwrap()[0].1.clone();
    assert_eq!(outcome.attempts, 1);
}

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_or_on_changes_no_wait() {
    for hours in [-5_i64, 5] {
        let bench = Bench::new(Limits::default(), vec![calls(&["a"])]);
        outage(&bench, &["not reached"]);
        bench.message(1, 1, 7);
        for (tries, wait) in [(1, 0), (2, 1), (3, 2), (4, 5), (5, 10)] {
            bench.hands.advance(seconds(wait));
            let tried = || bench.caller.missed.load(Ordering::Relaxed) == tries;
            bench.journal.until(|_| tried()).await;
            settle().await;
        }
        // It waits for 30 s now.
        let shown = bench.clock.now().unix_seconds();
        let set = clock::Timestamp::from_unix_seconds(shown + hours * 3_600);
        bench.hands.set(set);
        outage(&bench, &[]);
        // Somebody else's update makes the dispatcher look at the clock.
        bench.message(2, 2, 7);
        assert_eq!(bench.journal.finished(1).await, [2]);
        bench.hands.advance(seconds(2));
        settle().await;
        let finished = bench.journal.finished.lock().unwrap().len();
        assert_eq!(finished, 1, "tried at once");
        bench.hands.advance(seconds(40));
        assert_eq!(bench.journal.finished(2).await, [2, 1]);
        bench.idle().await;
    }
}

#[tokio::test]
async fn a_journal_that_failed_is_asked_again_though_the_clock_was_set_back() {
    let limits = Limits {
        waiting_per_lane: 1,
        ..Limits::default()
    };
    let bench = Bench::new(limits, vec![calls(&["a"])]);
    *bench.journal.broken.lock().unwrap() = 1;
    for seq in 1..=4 {
        bench.message(seq, 1, 7);
    }
    let asked = |journal: &Memory| *journal.broken.lock().unwrap() == 0;
    bench.journal.until(asked).await;
    settle().await;
    let shown = bench.clock.now().unix_seconds();
    bench
        .hands
        .set(clock::Timestamp::from_unix_seconds(shown - 36_000));
    bench.hands.advance(seconds(2));
    assert_eq!(bench.journal.finished(4).await, [1, 2, 3, 4]);
    bench.idle().await;
}
