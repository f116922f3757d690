//! A bot that was disabled and is enabled again: Telegram has forgotten its webhook, and nobody else acts.

use std::time::Duration;

use bot_health::Signal;
use bot_health::verdict::VerdictCode;
use telegram_simulator::{Failure, FailureKind};

use crate::support::{degraded, healthy, on_both, plain};

const STEP: Duration = Duration::from_secs(2);
const CODE: VerdictCode = VerdictCode::TelegramApiUnauthorized;

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_enabled_again_comes_back_by_itself_and_is_told_so() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        place.control.disable(bot.bot).unwrap();
        place.call(&bot).await;
        place
            .happens(async || place.code(&bot).await == Some(CODE))
            .await;
        place.pass(STEP * 60, STEP).await;
        place.control.clear_ledger();
        place.control.enable(bot.bot).unwrap();
        let healed = async || place.told(&bot).await.len() == 2;
        let took = place.until(STEP, healed).await;
        assert!(took <= Duration::from_secs(120), "{took:?}");
        assert_eq!(place.told(&bot).await, [degraded(CODE), healthy()]);
        assert_eq!(place.calls(bot.bot, "setWebhook").len(), 1);
        assert_eq!(place.health.figures().healed, 1);
        let info = place.control.webhook_info(bot.bot).unwrap();
        assert!(!info["url"].as_str().unwrap().is_empty());
        // From now on whoever removes it is a rival.
        place.control.rival_deletes_webhook(bot.bot).unwrap();
        let removed = degraded(VerdictCode::WebhookRemoved);
        place
            .until(STEP * 5, async || {
                place.told(&bot).await.last() == Some(&removed)
            })
            .await;
        place.pass(Duration::from_secs(7_200), STEP * 10).await;
        assert_eq!(place.calls(bot.bot, "setWebhook").len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_telegram_cannot_be_told_at_once_is_told_later() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        place.control.disable(bot.bot).unwrap();
        place.call(&bot).await;
        place
            .happens(async || place.code(&bot).await == Some(CODE))
            .await;
        place.control.enable(bot.bot).unwrap();
        place
            .control
            .fail(Failure::next(3, FailureKind::Status(502)).on("setWebhook"));
        let connection = bot.id.clone();
        place.health.hear(Signal::Registered { connection });
        // As the server does.
        let (connections, clock) = (place.connections.clone(), place.clock.clone());
        let resuming = tokio::spawn(async move {
            loop {
                connections.resume_unfinished().await.unwrap();
                clock.sleep(Duration::from_secs(15)).await;
            }
        });
        let healed = async || place.told(&bot).await.len() == 2;
        place.until(STEP, healed).await;
        resuming.abort();
        assert_eq!(place.told(&bot).await, [degraded(CODE), healthy()]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_was_heard_is_enough_although_the_bot_is_back_before_anybody_looks() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.control.disable(bot.bot).unwrap();
        place.call(&bot).await;
        place.control.enable(bot.bot).unwrap();
        place.control.clear_ledger();
        place.watch().await;
        place
            .until(STEP, async || place.calls(bot.bot, "setWebhook").len() == 1)
            .await;
        place.pass(STEP * 30, STEP).await;
        assert!(place.told(&bot).await.is_empty(), "nobody noticed");
    })
    .await;
}
