//! Updates whose handling fails again and again, or does not end: nobody tells of those, the watch sees them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bot_health::verdict::VerdictCode;
use bytes::Bytes;
use clock::{Clock, Entropy};
use ids::ConnectionId;
use request_log::Outcome;
use telegram_bot_api::{Call, Envelope};
use update_dispatcher::{
    Dead, Dispatcher, DispatcherConfig, Failure, Incoming, Journal, Lane, LaneKey, Perform, Queued,
    Retry, Seq, Stage, StageError, StageFuture, StoredSession,
};

use crate::support::{Bot, Place, degraded, on_both, plain};

const STEP: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_fails_again_and_again_is_seen_before_it_gives_up() {
    on_both(plain(), async |mut place| {
        let bot = handled(&mut place, Shop::Fails).await;
        let code = VerdictCode::HandlerFailing;
        let took = place
            .until(STEP, async || place.code(&bot).await == Some(code))
            .await;
        assert!(took <= Duration::from_secs(1_200), "{took:?}");
        assert_eq!(place.told(&bot).await, [degraded(code)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_does_not_end_is_seen() {
    on_both(plain(), async |mut place| {
        let bot = handled(&mut place, Shop::Hangs).await;
        let code = VerdictCode::HandlerStuck;
        let took = place
            .until(STEP, async || place.code(&bot).await == Some(code))
            .await;
        assert!(took <= Duration::from_secs(420), "{took:?}");
        assert_eq!(place.told(&bot).await, [degraded(code)]);
    })
    .await;
}

/// A bot to which somebody writes, and a dispatcher with this handler.
async fn handled(place: &mut Place, shop: Shop) -> Bot {
    let bot = place.bot("1").await;
    let config = DispatcherConfig {
        handler_deadline: Duration::from_secs(24 * 3_600),
        ..DispatcherConfig::default()
    };
    place.parts.dispatcher = Dispatcher::start(
        config,
        vec![Arc::new(shop)],
        Arc::new(Nowhere),
        Arc::new(Nowhere),
        place.clock.clone(),
        Entropy::seeded(3),
    );
    place.stop_watching().await;
    place.watch().await;
    place.request(&bot, Outcome::Accepted);
    place.hands.advance(Duration::from_secs(1));
    place.parts.dispatcher.offer(message(&bot, &place.clock));
    bot
}

fn message(bot: &Bot, clock: &Clock) -> Queued {
    let body =
        r#"{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":1,"type":"private"}}}"#;
    let envelope = Envelope::read(body.as_bytes()).unwrap();
    let lane = LaneKey::new(bot.id.clone(), Lane::of(&envelope));
    let (id, kind) = (envelope.update_id, envelope.kind);
    let body = Bytes::from_static(body.as_bytes());
    Queued::new(Seq::new(1), lane, id, kind, clock.now(), body)
}

#[derive(Clone, Copy)]
enum Shop {
    Fails,
    Hangs,
}

impl Stage for Shop {
    fn name(&self) -> &str {
        "shop"
    }

    fn handle<'a>(&'a self, _: &'a Incoming) -> StageFuture<'a> {
        let shop = *self;
        Box::pin(async move {
            match shop {
                Self::Fails => Err(StageError::later("the shop is closed")),
                Self::Hangs => std::future::pending().await,
            }
        })
    }
}

struct Nowhere;

impl Perform for Nowhere {
    async fn perform(&self, _: &ConnectionId, _: &Call) -> Result<(), Failure> {
        Ok(())
    }
}

impl Journal for Nowhere {
    type Error = Infallible;

    fn finished(&self, _: Seq, _: update_dispatcher::Outcome) {}

    fn retry(&self, _: Seq, _: Retry) {}

    fn dead(&self, _: Seq, _: Dead) {}

    async fn refill(&self, _: &LaneKey, _: Seq, _: usize) -> Result<Vec<Queued>, Infallible> {
        Ok(Vec::new())
    }

    async fn backlog(&self, _: &ConnectionId, _: Seq, _: usize) -> Result<Vec<Queued>, Infallible> {
        Ok(Vec::new())
    }

    async fn session(&self, _: &LaneKey, _: &str) -> Result<Option<StoredSession>, Infallible> {
        Ok(None)
    }
}
