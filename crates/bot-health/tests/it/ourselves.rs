//! Our own side: one look serves all bots.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bot_health::verdict::VerdictCode;
use bot_health::{HealthConfig, Signal};
use outbound_http::{Resolve, Resolving};
use telegram_simulator::{ChatId, DeliveryFailure, DeliveryFault};

use crate::support::on_both;

const STEP: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn our_name_is_looked_up_now_and_then_and_more_often_while_bots_fail() {
    on_both(HealthConfig::default(), async |mut place| {
        let looks = Arc::new(AtomicUsize::new(0));
        place.parts.names = Arc::new(Nothing(Arc::clone(&looks)));
        place.stop_watching().await;
        let mut bots = Vec::new();
        for number in 0..6 {
            bots.push(place.bot(&number.to_string()).await);
        }
        place.watch().await;
        place.pass(Duration::from_secs(3_600), STEP).await;
        let quiet = looks.swap(0, Ordering::Relaxed);
        assert!((5..=8).contains(&quiet), "{quiet}");
        let refused = DeliveryFault::Connect(DeliveryFault::REFUSED.to_owned());
        for bot in &bots {
            place
                .control
                .fail_delivery(DeliveryFailure::of(bot.bot, refused.clone()));
            place
                .control
                .user_sends(bot.bot, ChatId(1), "hello?")
                .unwrap();
        }
        for _ in 0..24 {
            for bot in &bots {
                let connection = bot.id.clone();
                place.health.hear(Signal::Registered { connection });
            }
            place.pass(STEP, STEP).await;
        }
        let busy = looks.load(Ordering::Relaxed);
        assert!((2..=6).contains(&busy), "{busy}");
        let verdict = place.health.diagnose(&bots[0].project).await.unwrap();
        assert_eq!(verdict.code, VerdictCode::WebhookUnreachable, "{verdict:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_our_own_side_that_does_not_end_holds_up_no_verdict() {
    on_both(HealthConfig::default(), async |mut place| {
        place.parts.names = Arc::new(Never);
        place.stop_watching().await;
        let bot = place.bot("1").await;
        // What fails now is later than the registration.
        place.hands.advance(STEP);
        // The watch is looking, and the clock stands still.
        place.watch().await;
        let refused = DeliveryFault::Connect(DeliveryFault::REFUSED.to_owned());
        place
            .control
            .fail_delivery(DeliveryFailure::of(bot.bot, refused));
        place
            .control
            .user_sends(bot.bot, ChatId(1), "hello?")
            .unwrap();
        place
            .happens(async || {
                let info = place.control.webhook_info(bot.bot).unwrap();
                info.get("last_error_message").is_some()
            })
            .await;
        let (health, project) = (place.health.clone(), bot.project.clone());
        let asked = tokio::spawn(async move { health.diagnose(&project).await });
        place.happens(async || asked.is_finished()).await;
        let verdict = asked.await.unwrap().unwrap();
        assert_eq!(verdict.code, VerdictCode::WebhookUnreachable, "{verdict:?}");
    })
    .await;
}

/// A name service that never answers.
struct Never;

impl Resolve for Never {
    fn resolve<'a>(&'a self, _: &'a str) -> Resolving<'a> {
        Box::pin(std::future::pending())
    }
}

/// No name leads anywhere.
struct Nothing(Arc<AtomicUsize>);

impl Resolve for Nothing {
    fn resolve<'a>(&'a self, _: &'a str) -> Resolving<'a> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let nothing: io::Result<Vec<IpAddr>> = Ok(Vec::new());
        Box::pin(std::future::ready(nothing))
    }
}
