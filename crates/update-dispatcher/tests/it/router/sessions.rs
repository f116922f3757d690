//! What handlers remember from one update to the next.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use telegram_bot_api::{Call, ChatId};
use update_dispatcher::router::{Command, Session, TextMessage};
use update_dispatcher::testing::TestBot;
use update_dispatcher::testing::updates::{tap, text};
use update_dispatcher::{
    Failure, Lane, LaneKey, Limits, Progress, RetryWhen, Router, SessionLimits, Stage, StageError,
};

use super::said;
use crate::support::{Bench, connection, message as body, seconds};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Order {
    #[default]
    Nothing,
    Name,
    City {
        name: String,
    },
}

async fn begin(mut order: Session<Order>) -> Call {
    *order = Order::Name;
    said("name?")
}

async fn go_on(mut order: Session<Order>, message: TextMessage) -> Option<Call> {
    let answer = message.text().to_owned();
    match &*order {
        Order::Nothing => None,
        Order::Name => {
            *order = Order::City { name: answer };
            Some(said("city?"))
        }
        Order::City { name } => {
            let done = said(format!("{name} of {answer}"));
            order.clear();
            Some(done)
        }
    }
}

fn dialogue() -> Router {
    Router::new().on_command("order", begin).on_text(go_on)
}

async fn says(bot: &TestBot, chat: i64, what: &str) -> String {
    let calls = bot.send(text(what).from(chat, "Ann")).await.unwrap();
    calls.methods().join(" ")
}

fn chat(id: i64) -> Lane {
    Lane::Chat(ChatId(id))
}

#[tokio::test]
async fn a_dialogue_goes_on_where_it_was_in_each_chat_by_itself() {
    let bot = TestBot::new(dialogue().named("shop"));
    assert_eq!(says(&bot, 1, "hello").await, "");
    assert_eq!(says(&bot, 1, "/order").await, "name?");
    assert_eq!(
        says(&bot, 2, "Bo").await,
        "",
        "another chat knows nothing of it"
    );
    assert_eq!(says(&bot, 1, "Ann").await, "city?");
    let city = Order::City { name: "Ann".into() };
    assert_eq!(bot.session(chat(1), "shop"), Some(city));
    assert_eq!(says(&bot, 1, "Berlin").await, "Ann of Berlin");
    assert_eq!(bot.session::<Order>(chat(1), "shop"), None);
}

#[tokio::test]
async fn stages_and_nested_routers_have_sessions_of_their_own_and_merged_ones_share_theirs() {
    async fn count(mut seen: Session<u32>) -> Call {
        *seen += 1;
        said(seen.to_string())
    }
    let inner = Router::new().on_command("c", count);
    let nested = Router::new().on_command("b", count).nest("deep", inner);
    let shop = Router::new()
        .on_command("a", count)
        .nest("checkout", nested)
        .merge(Router::new().on_command("d", count))
        .named("shop");
    let other = Router::new().named("other").on_command("e", count);
    let bot = TestBot::new(shop).and_then(other);
    for (said, answer) in [
        ("/a", "1"),
        ("/b", "1"),
        ("/c", "1"),
        ("/d", "2"),
        ("/e", "1"),
        ("/a", "3"),
    ] {
        assert_eq!(says(&bot, 1, said).await, answer, "{said}");
    }
    let names = ["shop", "shop/checkout", "shop/checkout/deep", "other"];
    let seen = names.map(|name| bot.session::<u32>(chat(1), name));
    assert_eq!(seen, [Some(3), Some(1), Some(1), Some(1)]);
}

#[tokio::test]
async fn what_was_left_alone_or_failed_is_as_it_was() {
    async fn fails(mut seen: Session<u32>, command: Command) -> Result<Call, StageError> {
        assert_eq!(seen.is_new(), *seen == 0);
        if command.text != "look" {
            *seen += 1;
        }
        match &*command.text {
            "fail" => Err(StageError::later("no")),
            _ => Ok(said(seen.to_string())),
        }
    }
    let bot = TestBot::new(Router::new().on_command("x", fails));
    assert_eq!(says(&bot, 1, "/x look").await, "0");
    assert_eq!(bot.session::<u32>(chat(1), "router"), None);
    assert_eq!(says(&bot, 1, "/x").await, "1");
    assert!(bot.send(text("/x fail").from(1, "Ann")).await.is_err());
    assert_eq!(says(&bot, 1, "/x look").await, "1");
}

#[tokio::test]
async fn a_session_expires_when_nobody_asked_for_it_in_time() {
    async fn count(mut seen: Session<u32>, message: TextMessage) -> Call {
        if message.text() == "more" {
            *seen += 1;
        }
        said(seen.to_string())
    }
    let limits = SessionLimits {
        keep_for: Duration::from_secs(100),
        ..SessionLimits::default()
    };
    let bot = TestBot::new(Router::new().session_limits(limits).on_text(count));
    assert_eq!(says(&bot, 1, "more").await, "1");
    for _ in 0..3 {
        bot.advance(Duration::from_secs(90));
        assert_eq!(says(&bot, 1, "look").await, "1", "reading keeps it");
    }
    bot.advance(Duration::from_secs(100));
    assert_eq!(bot.session::<u32>(chat(1), "router"), None);
    assert_eq!(says(&bot, 1, "look").await, "0");
}

#[tokio::test]
async fn a_session_too_large_or_still_in_use_or_taken_twice_fails_with_a_sentence() {
    async fn grow(mut all: Session<String>) {
        *all = "x".repeat(20_000);
    }
    async fn keep(all: Session<String>) {
        std::mem::forget(all);
    }
    async fn twice(_: Session<String>, _: Session<u8>) {}
    let router = Router::new()
        .on_command("grow", grow)
        .on_command("keep", keep)
        .on_command("twice", twice);
    let bot = TestBot::new(router.named("shop"));
    for (said, reason) in [
        (
            "/grow",
            "the session of shop has 20002 bytes, and 16384 are allowed",
        ),
        (
            "/keep",
            "the handler has answered, and its session is still in use",
        ),
        ("/twice", "a handler can take one session only"),
    ] {
        let error = bot.send(text(said)).await.unwrap_err();
        assert_eq!(error, StageError::fatal(reason));
    }
}

#[tokio::test]
async fn another_type_reads_what_it_can_and_what_it_cannot_stays_until_it_is_changed() {
    #[derive(Default, Serialize, Deserialize)]
    #[serde(default)]
    struct Newer {
        seen: u32,
        added: bool,
    }
    async fn old(mut seen: Session<std::collections::BTreeMap<String, u32>>) {
        seen.insert("seen".into(), 7);
    }
    async fn newer(session: Session<Newer>) -> Call {
        said(format!("{} {}", session.seen, session.added))
    }
    async fn foreign(mut session: Session<Vec<u8>>, command: Command) -> Call {
        if command.text == "write" {
            session.push(1);
        }
        said(format!("{} {}", session.len(), session.is_new()))
    }
    let router = Router::new()
        .on_command("old", old)
        .on_command("newer", newer)
        .on_command("foreign", foreign);
    let bot = TestBot::new(router);
    says(&bot, 1, "/old").await;
    assert_eq!(says(&bot, 1, "/newer").await, "7 false");
    assert_eq!(says(&bot, 1, "/foreign").await, "0 false");
    assert_eq!(says(&bot, 1, "/newer").await, "7 false");
    assert_eq!(says(&bot, 1, "/foreign write").await, "1 false");
    assert_eq!(bot.session::<Vec<u8>>(chat(1), "router"), Some(vec![1]));
}

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
    let key = (LaneKey::new(connection(1), chat(7)), name.to_owned());
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
            update_dispatcher::Flow::Continue
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
    let router = Router::new().on_text(go_on).fallback(async || said("a"));
    let bench = Bench::new(Limits::default(), vec![stage(router)]);
    bench.receive(1, 1, &body(1, 7));
    bench.tap(2, 1, 7);
    bench.journal.finished(2).await;
    assert_eq!(bench.journal.session_reads.load(Ordering::Relaxed), 0);
    let finished = bench.journal.finished.lock().unwrap();
    assert!(
        finished
            .iter()
            .all(|(_, outcome)| outcome.sessions.is_empty())
    );
    let bot = TestBot::new(dialogue());
    assert!(bot.send(tap("x")).await.unwrap().is_empty());
}
