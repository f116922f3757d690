//! Sessions through the dispatcher: what is told to the journal, and when.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use telegram_bot_api::{Call, ChatId};
use update_dispatcher::router::Session;
use update_dispatcher::{
    Failure, Flow, Lane, LaneKey, Limits, Progress, RetryWhen, Router, Stage, StageError,
};

use super::said;
use crate::support::{Bench, connection, message as body, seconds};

fn failure(retry: RetryWhen) -> Failure {
    Failure {
        retry,
        reason: "as the test says".into(),
    }
}

/// Says how often it saw an update of this lane, and remembers it.
async fn counting(mut seen: Session<u32>) -> Vec<Call> {
    *seen += 1;
    vec![
        said(format!("first {seen}", seen = *seen)),
        said(format!("second {}", *seen)),
    ]
}

fn stage(router: Router) -> Arc<dyn Stage> {
    Arc::new(router)
}

fn stored(bench: &Bench, name: &str) -> Option<String> {
    let key = (
        LaneKey::new(connection(1), Lane::Chat(ChatId(7))),
        name.to_owned(),
    );
    let found = bench.journal.sessions.lock().unwrap().get(&key).cloned();
    found.map(|found| String::from_utf8(found.data.to_vec()).unwrap())
}

#[tokio::test]
async fn it_is_saved_with_the_end_of_the_update_and_seen_after_a_restart() {
    let stages = || vec![stage(Router::new().fallback(counting))];
    let bench = Bench::new(Limits::default(), stages());
    let fails = ("second 1", failure(RetryWhen::Later));
    bench.caller.failures.lock().unwrap().push(fails);
    bench.message(1, 1, 7);
    bench.message(2, 1, 7);
    let retry = bench.journal.retried(1).await;
    assert_eq!(
        retry.progress,
        Progress {
            stage: 0,
            effect: 1
        }
    );
    assert_eq!((retry.sessions.len(), stored(&bench, "router")), (0, None));
    bench.hands.sleepers(1).await;
    bench.hands.advance(seconds(1));
    bench.journal.finished(2).await;
    assert_eq!(
        bench.called(),
        ["first 1", "second 1", "first 2", "second 2"]
    );
    let Bench {
        journal,
        clock,
        hands,
        dispatcher,
        ..
    } = bench;
    drop(dispatcher);

    let bench = Bench::with_journal(Limits::default(), stages(), journal, clock, hands);
    bench.message(3, 1, 7);
    bench.journal.finished(3).await;
    assert_eq!(bench.called(), ["first 3", "second 3"]);
    assert_eq!(stored(&bench, "router").as_deref(), Some("3"));
}

#[tokio::test]
async fn a_crash_after_some_calls_makes_the_rest_from_the_same_session() {
    let stages = || vec![stage(Router::new().fallback(counting))];
    let bench = Bench::new(Limits::default(), stages());
    let fails = ("second 1", failure(RetryWhen::Later));
    bench.caller.failures.lock().unwrap().push(fails);
    bench.message(1, 1, 7);
    bench.journal.retried(1).await;
    let Bench {
        journal,
        clock,
        hands,
        dispatcher,
        ..
    } = bench;
    drop(dispatcher);

    let bench = Bench::with_journal(Limits::default(), stages(), journal, clock, hands);
    let row = bench
        .journal
        .rows
        .lock()
        .unwrap()
        .values()
        .next()
        .unwrap()
        .clone();
    bench.dispatcher.offer(row);
    bench.hands.advance(seconds(1));
    bench.journal.finished(1).await;
    assert_eq!(bench.called(), ["second 1"]);
    assert_eq!(stored(&bench, "router").as_deref(), Some("1"));
}

#[tokio::test]
async fn a_stage_that_is_done_is_remembered_although_the_next_one_fails() {
    let first = Router::new()
        .named("first")
        .fallback(async |mut seen: Session<u32>| {
            *seen += 1;
            Flow::Continue
        });
    let second = Router::new()
        .named("second")
        .fallback(async |mut seen: Session<u32>| {
            *seen += 1;
            Err::<(), _>(StageError::later("no"))
        });
    let bench = Bench::new(Limits::default(), vec![stage(first), stage(second)]);
    bench.message(1, 1, 7);
    let retry = bench.journal.retried(1).await;
    assert_eq!((retry.progress.stage, retry.sessions.len()), (1, 1));
    assert_eq!(stored(&bench, "first").as_deref(), Some("1"));
    for (count, delay) in [1, 5, 30, 120, 600].into_iter().enumerate() {
        bench.journal.retried(count + 1).await;
        bench.hands.sleepers(1).await;
        bench.hands.advance(seconds(delay));
    }
    let dead = bench.journal.dead(1).await;
    assert!(dead[0].1.sessions.is_empty(), "told already");
    assert_eq!(bench.journal.retried(2).await.sessions.len(), 0);
    assert_eq!(stored(&bench, "first").as_deref(), Some("1"));
    assert_eq!(stored(&bench, "second"), None);
}

#[tokio::test]
async fn an_update_that_was_overtaken_loses_nothing_of_what_the_other_remembered() {
    let bench = Bench::new(
        Limits::default(),
        vec![stage(Router::new().fallback(counting))],
    );
    let fails = ("first 1", failure(RetryWhen::Later));
    bench.caller.failures.lock().unwrap().push(fails);
    bench.message(1, 1, 7);
    bench.journal.retried(1).await;
    bench.tap(2, 1, 7);
    assert_eq!(bench.journal.finished(1).await, [2]);
    bench.hands.sleepers(1).await;
    bench.hands.advance(seconds(1));
    assert_eq!(bench.journal.finished(2).await, [2, 1]);
    assert_eq!(
        bench.called(),
        ["first 1", "second 1", "first 2", "second 2"]
    );
    assert_eq!(stored(&bench, "router").as_deref(), Some("2"));
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_is_not_the_updates_fault() {
    let bench = Bench::new(
        Limits::default(),
        vec![stage(Router::new().fallback(counting))],
    );
    *bench.journal.broken.lock().unwrap() = 1;
    bench.message(1, 1, 7);
    let retry = bench.journal.retried(1).await;
    assert_eq!(retry.attempts, 0);
    assert_eq!(
        retry.reason,
        "router: the session cannot be read: the journal is broken"
    );
    bench.hands.sleepers(1).await;
    bench.hands.advance(seconds(1));
    bench.journal.finished(1).await;
    assert_eq!(bench.called(), ["first 1", "second 1"]);
}

#[tokio::test]
async fn who_uses_no_session_costs_none() {
    let router = Router::new().on_text(counting).fallback(async || said("a"));
    let bench = Bench::new(Limits::default(), vec![stage(router)]);
    bench.receive(1, 1, &body(1, 7));
    bench.tap(2, 1, 7);
    bench.journal.finished(2).await;
    assert_eq!(bench.journal.session_reads.load(Ordering::Relaxed), 0);
    let finished = bench.journal.finished.lock().unwrap().clone();
    assert!(
        finished
            .iter()
            .all(|(_, outcome)| outcome.sessions.is_empty())
    );
}
