//! Layers around handlers: ours, those of `tower`, and home-made ones.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use clock::Clock;
use telegram_bot_api::Call;
use tower_layer::{Layer, layer_fn};
use tower_service::Service;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use update_dispatcher::router::layers::{Next, TimeLimit, Traced, from_fn};
use update_dispatcher::router::{Answer, Chat, Handler, Request, RouteFuture, State};
use update_dispatcher::testing::updates::{tap, text};
use update_dispatcher::testing::{TestBot, drive, incoming};
use update_dispatcher::{RetryWhen, Router, Stage, StageError, StageOutcome};

use super::said;

/// A layer that writes down when it is entered and left.
fn noting(
    name: &'static str,
    log: &Arc<Mutex<Vec<String>>>,
) -> impl update_dispatcher::router::RouteLayer {
    let log = Arc::clone(log);
    from_fn(move |request: Request, next: Next| {
        let log = Arc::clone(&log);
        async move {
            log.lock()
                .unwrap()
                .push(format!("{name} {}", request.route()));
            let answer = next.run(request).await;
            log.lock().unwrap().push(format!("{name} done"));
            answer
        }
    })
}

#[tokio::test]
async fn layers_stand_around_the_routes_before_them_and_the_later_one_is_outside() {
    let log = Arc::default();
    let one = async || said("one");
    let router = Router::new()
        .on_command("one", one.layer(noting("own", &log)))
        .layer(noting("inner", &log))
        .on_text(async || said("text"))
        .layer(noting("outer", &log))
        .fallback(async || said("rest"));
    let bot = TestBot::new(router);
    bot.send(text("/one")).await.unwrap();
    let seen = std::mem::take(&mut *log.lock().unwrap());
    let expected = [
        "outer /one",
        "inner /one",
        "own /one",
        "own done",
        "inner done",
        "outer done",
    ];
    assert_eq!(seen, expected);
    bot.send(text("hi")).await.unwrap();
    assert_eq!(
        std::mem::take(&mut *log.lock().unwrap()),
        ["outer text", "outer done"]
    );
    bot.send(tap("x")).await.unwrap();
    assert!(log.lock().unwrap().is_empty());
}

/// Counts answers by route, as one would for metrics.
#[derive(Clone, Default)]
struct Counts(Arc<Mutex<BTreeMap<(String, bool), u32>>>);

#[derive(Clone)]
struct Counting<I> {
    inner: I,
    counts: Counts,
}

impl<I> Layer<I> for Counts {
    type Service = Counting<I>;

    fn layer(&self, inner: I) -> Counting<I> {
        let counts = self.clone();
        Counting { inner, counts }
    }
}

impl<I> Service<Request> for Counting<I>
where
    I: Service<Request, Response = Answer, Error = StageError, Future: Send + 'static>,
{
    type Response = Answer;
    type Error = StageError;
    type Future = RouteFuture;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), StageError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> RouteFuture {
        let route = request.route().to_owned();
        let (counts, handled) = (self.counts.clone(), self.inner.call(request));
        Box::pin(async move {
            let answer = handled.await;
            *counts
                .0
                .lock()
                .unwrap()
                .entry((route, answer.is_ok()))
                .or_default() += 1;
            answer
        })
    }
}

#[tokio::test]
async fn a_home_made_layer_counts_by_route_before_and_after_the_state_is_given() {
    async fn name(State(name): State<&'static str>) -> Call {
        said(name)
    }
    async fn fails() -> Result<(), StageError> {
        Err(StageError::later("closed"))
    }
    let counts = Counts::default();
    let router = Router::new().on_text(name).layer(counts.clone());
    let router = router
        .with_state::<()>("Ann")
        .on_callback("x", fails)
        .layer(counts.clone());
    let bot = TestBot::new(router);
    assert_eq!(bot.send(text("?")).await.unwrap().methods(), ["Ann"]);
    assert_eq!(bot.send(tap("x:1")).await.unwrap_err().reason, "closed");
    let counted = counts.0.lock().unwrap().clone();
    let expected = [
        (("callback x".to_owned(), false), 1),
        (("text".to_owned(), true), 2),
    ];
    assert_eq!(counted, BTreeMap::from(expected));
}

#[tokio::test]
async fn a_function_as_a_layer_may_answer_itself_or_leave_the_update_to_the_next_route() {
    async fn guarded(request: Request, next: Next) -> Result<Answer, StageError> {
        match request.incoming.update.chat() {
            Some(chat) if chat.value() == 7 => Ok(Answer::NotHere),
            Some(chat) if chat.value() == 8 => Ok(StageOutcome::end(vec![said("no")]).into()),
            _ => next.run(request).await,
        }
    }
    let router = Router::new()
        .on_text(async || said("first"))
        .layer(from_fn(guarded))
        .on_text(async || said("second"));
    let bot = TestBot::new(router);
    for (chat, answer) in [(6, "first"), (7, "second"), (8, "no")] {
        let calls = bot.send(text("hi").from(chat, "Bo")).await.unwrap();
        assert_eq!(calls.methods(), [answer]);
    }
}

#[tokio::test]
async fn a_time_limit_names_the_route_that_took_too_long() {
    let (clock, hands) = Clock::manual();
    let slow = async || -> Call { std::future::pending().await };
    let limit = TimeLimit::new(clock, Duration::from_secs(5));
    let router: Router = Router::new()
        .on_command("report", slow.layer(limit.clone()))
        .on_text(async |Chat(chat): Chat| said(chat.to_string()))
        .layer(limit);
    let update = incoming(text("/report")).unwrap();
    let (answer, ()) = tokio::join!(router.handle(&update), async {
        // Both limits wait, and the inner one ends first.
        hands.sleepers(2).await;
        hands.advance(Duration::from_secs(5));
    });
    let error = answer.unwrap_err();
    assert_eq!(error.reason, "no answer of /report within 5s");
    assert_eq!(error.retry, RetryWhen::Later);
    assert_eq!(drive(&router, text("hi")).await.unwrap()[0].method(), "42");
}

#[tokio::test]
async fn layers_of_tower_do_and_their_errors_become_ours() {
    let pending = async || -> Call { std::future::pending().await };
    let fails = async || Err::<(), _>(StageError::fatal("sold out"));
    let layers = tower::ServiceBuilder::new()
        .concurrency_limit(4)
        .timeout(Duration::from_millis(5));
    let router: Router = Router::new()
        .on_command("wait", pending)
        .on_command("buy", fails)
        .on_text(async || said("text"))
        .layer(layers)
        .layer(layer_fn(|route| {
            tower::util::MapErr::new(route, |error: StageError| error)
        }));
    let late = drive(&router, text("/wait")).await.unwrap_err();
    assert_eq!(
        (&*late.reason, late.retry),
        ("request timed out", RetryWhen::Later)
    );
    let sold_out = drive(&router, text("/buy")).await.unwrap_err();
    assert_eq!(sold_out, StageError::fatal("sold out"));
    assert_eq!(
        drive(&router, text("hi")).await.unwrap()[0].method(),
        "text"
    );
}

/// Remembers the fields of the spans that are opened.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Spans {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        struct Fields(String);
        impl Visit for Fields {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() != "connection" {
                    self.0.push_str(&format!(" {field}={value:?}"));
                }
            }
        }
        let mut fields = Fields(span.metadata().name().to_owned());
        span.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn each_handled_update_has_a_span_named_by_its_route() {
    let spans = Spans::default();
    let router: Router = Router::new()
        .on_link("ref_", async || said("link"))
        .on_callback("order:", async || said("order"))
        .layer(Traced);
    let guard = tracing::subscriber::set_default(spans.clone());
    drive(&router, text("/start ref_7")).await.unwrap();
    drive(&router, tap("order:1")).await.unwrap();
    drive(&router, text("hi")).await.unwrap();
    drop(guard);
    let seen = spans.0.lock().unwrap().clone();
    let handles: Vec<_> = seen
        .iter()
        .filter(|span| span.starts_with("handle "))
        .collect();
    let expected = [
        r#"handle otel.name="link ref_" route="link ref_" kind="message" seq=1 attempt=1"#,
        r#"handle otel.name="callback order:" route="callback order:" kind="callback_query" seq=1 attempt=1"#,
    ];
    assert_eq!(handles, expected);
}

#[test]
fn a_call_allocates_its_futures_and_nothing_else() {
    async fn nothing() {}
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let update = incoming(text("hi")).unwrap();
    let allocations = |router: Router| {
        runtime.block_on(router.handle(&update)).unwrap();
        let counted = allocation_counter::measure(|| {
            runtime.block_on(router.handle(&update)).unwrap();
        });
        counted.count_total
    };
    let plain = allocations(Router::new().on_text(nothing));
    assert_eq!(plain, 2, "the stage's future and the handler's");
    let layered = allocations(Router::new().on_text(nothing.layer(Traced)).layer(Traced));
    assert_eq!(layered, 4, "and one for each layer");
}
