//! Calls are made in turn, and what is done is not done again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use update_dispatcher::{
    DeadCause, Failure, Limits, Progress, RetryWhen, Stage, StageError, StageOutcome,
};

use crate::support::{Bench, Memory, call, calls, does, seconds};

fn fails(method: &'static str, retry: RetryWhen) -> (&'static str, Failure) {
    (
        method,
        Failure {
            retry,
            reason: "as the test says".into(),
        },
    )
}

/// Answers the calls and goes on to the next stage; counts how often it ran.
fn counted(runs: &Arc<AtomicU32>, methods: &'static [&'static str]) -> Arc<dyn Stage> {
    let runs = Arc::clone(runs);
    does(move |_| {
        runs.fetch_add(1, Ordering::Relaxed);
        async move {
            let calls = methods.iter().map(call).collect();
            Ok(StageOutcome::go_on(calls))
        }
    })
}

#[tokio::test]
async fn stages_and_their_calls_come_in_turn_until_one_ends_it() {
    let runs = Arc::new(AtomicU32::new(0));
    let stages = vec![
        counted(&runs, &["a", "b"]),
        counted(&runs, &[]),
        calls(&["c", "d"]),
        counted(&runs, &["never"]),
    ];
    let bench = Bench::new(Limits::default(), stages);
    bench.message(1, 1, 7);
    bench.journal.finished(1).await;
    assert_eq!(bench.called(), ["a", "b", "c", "d"]);
    let outcome = bench.journal.finished.lock().unwrap()[0].1.clone();
    assert_eq!((outcome.calls, outcome.attempts), (4, 0));
    assert_eq!(outcome.handled_at, bench.clock.now());
}

#[tokio::test]
async fn a_retry_goes_on_at_the_call_that_failed_without_running_the_stage_again() {
    let runs = Arc::new(AtomicU32::new(0));
    let bench = Bench::new(Limits::default(), vec![counted(&runs, &["a", "b", "c"])]);
    let failures = [
        fails("b", RetryWhen::Later),
        fails("b", RetryWhen::After(seconds(40))),
    ];
    bench.caller.failures.lock().unwrap().extend(failures);
    bench.message(1, 1, 7);
    let first = bench.journal.retried(1).await;
    assert_eq!(
        first.progress,
        Progress {
            stage: 0,
            effect: 1
        }
    );
    assert_eq!(
        (first.attempts, first.not_before),
        (1, bench.clock.now() + seconds(1))
    );
    assert_eq!(first.reason, "b: as the test says");
    bench.hands.sleepers(1).await;
    bench.hands.advance(seconds(1));
    let second = bench.journal.retried(2).await;
    assert_eq!(
        (second.attempts, second.not_before),
        (2, bench.clock.now() + seconds(40))
    );
    assert_eq!(second.history.len(), 2);
    bench.hands.sleepers(1).await;
    bench.hands.advance(seconds(40));
    bench.journal.finished(1).await;
    assert_eq!(bench.called(), ["a", "b", "c"]);
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_restart_runs_the_stage_again_and_skips_the_calls_that_were_done() {
    let runs = Arc::new(AtomicU32::new(0));
    let stages = || vec![counted(&runs, &["a"]), counted(&runs, &["b", "c", "d"])];
    let before = Bench::new(Limits::default(), stages());
    before
        .caller
        .failures
        .lock()
        .unwrap()
        .push(fails("c", RetryWhen::Later));
    before.message(1, 1, 7);
    assert_eq!(
        before.journal.retried(1).await.progress,
        Progress {
            stage: 1,
            effect: 1
        }
    );
    assert_eq!(before.called(), ["a", "b"]);
    let Bench {
        journal,
        clock,
        hands,
        dispatcher,
        ..
    } = before;
    drop(dispatcher);

    let after = Bench::with_journal(Limits::default(), stages(), journal, clock, hands);
    let row = after
        .journal
        .rows
        .lock()
        .unwrap()
        .values()
        .next()
        .unwrap()
        .clone();
    after.dispatcher.offer(row);
    assert!(after.called().is_empty(), "not before its time");
    after.hands.advance(seconds(1));
    after.journal.finished(1).await;
    assert_eq!(after.called(), ["c", "d"]);
    assert_eq!(runs.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_call_refused_for_good_is_noted_and_the_others_are_made() {
    let bench = Bench::new(
        Limits::default(),
        vec![calls(&["sendMessage", "answerCallbackQuery"])],
    );
    bench
        .caller
        .failures
        .lock()
        .unwrap()
        .push(fails("sendMessage", RetryWhen::Never));
    bench.tap(1, 1, 7);
    bench.journal.finished(1).await;
    assert_eq!(bench.called(), ["answerCallbackQuery"]);
    let outcome = bench.journal.finished.lock().unwrap()[0].1.clone();
    assert_eq!(outcome.calls, 2);
    assert_eq!(outcome.refused.len(), 1);
    assert_eq!(outcome.refused[0].method, "sendMessage");
    assert_eq!(
        outcome.refused[0].at,
        Progress {
            stage: 0,
            effect: 0
        }
    );
}

#[tokio::test]
async fn the_whole_schedule_passes_in_virtual_time_and_ends_in_a_dead_letter_with_its_history() {
    let stage = does(|_| async { Err(StageError::later("the shop is closed")) });
    let bench = Bench::new(Limits::default(), vec![stage]);
    let began = bench.clock.elapsed();
    bench.message(1, 1, 7);
    bench.message(2, 1, 8);
    for (count, delay) in [1, 5, 30, 120, 600].into_iter().enumerate() {
        let told = |memory: &Memory| {
            memory.retries.lock().unwrap().len() + memory.dead.lock().unwrap().len()
        };
        bench
            .journal
            .until(|memory| told(memory) == 2 * (count + 1))
            .await;
        bench.hands.sleepers(1).await;
        bench
            .hands
            .advance(seconds(delay) - Duration::from_micros(1));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(told(&bench.journal), 2 * (count + 1), "not before its time");
        bench.hands.advance(Duration::from_micros(1));
    }
    let dead = bench.journal.dead(2).await;
    assert_eq!(bench.clock.elapsed() - began, seconds(756));
    let (_, letter) = &dead[0];
    assert_eq!((letter.cause, letter.attempts), (DeadCause::Exhausted, 6));
    assert_eq!(letter.reason, "test: the shop is closed");
    let numbers: Vec<_> = letter
        .history
        .iter()
        .map(|attempt| attempt.number)
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    bench.idle().await;
}

#[tokio::test]
async fn an_urgent_update_dies_when_nobody_waits_for_its_answer_any_more() {
    let stage = does(|_| async { Err(StageError::later("not now")) });
    let bench = Bench::new(Limits::default(), vec![stage]);
    bench.tap(1, 1, 7);
    for (count, delay) in [1, 5, 30].into_iter().enumerate() {
        bench.journal.retried(count + 1).await;
        bench.hands.sleepers(1).await;
        bench.hands.advance(seconds(delay));
    }
    // 1 + 5 + 30 s have passed, and 120 more would be over 150.
    let dead = bench.journal.dead(1).await;
    assert_eq!(
        (dead[0].1.cause, dead[0].1.attempts),
        (DeadCause::Expired, 4)
    );
}

#[tokio::test]
async fn a_stage_may_give_up_at_once() {
    let stage = does(|_| async { Err(StageError::fatal("no such project")) });
    let bench = Bench::new(Limits::default(), vec![stage]);
    bench.message(1, 1, 7);
    let dead = bench.journal.dead(1).await;
    assert_eq!(dead[0].1.cause, DeadCause::Fatal);
    assert_eq!(dead[0].1.reason, "test: no such project");
}
