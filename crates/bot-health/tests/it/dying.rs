//! A process may end at any point: what was seen is written with its event, or seen again.

use std::time::Duration;

use bot_health::Signal;
use bot_health::verdict::VerdictCode;
use clock::Clock;
use telegram_simulator::{Failure, FailureKind};

use crate::support::{degraded, on_both, plain};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_between_inspection_and_write_tells_nothing_and_the_next_one_tells_once()
 {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        place.control.rival_deletes_webhook(bot.bot).unwrap();
        place.control.clear_ledger();
        let held = Failure::next(1, FailureKind::Delay(5_000));
        place.control.fail(held.on("getWebhookInfo"));
        let connection = bot.id.clone();
        place.health.hear(Signal::Registered { connection });
        place
            .happens(async || place.calls(bot.bot, "getMe").len() == 1)
            .await;
        Clock::system().sleep(Duration::from_millis(100)).await;
        place.stop_watching().await;
        assert!(place.told(&bot).await.is_empty() && place.code(&bot).await.is_none());
        place.watch().await;
        let code = VerdictCode::WebhookRemoved;
        let took = place
            .until(SECOND * 10, async || place.code(&bot).await == Some(code))
            .await;
        assert!(took <= SECOND * 3_600, "{took:?}");
        assert_eq!(place.told(&bot).await, [degraded(code)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_at_any_moment_leaves_change_and_event_together() {
    on_both(plain(), async |mut place| {
        let code = VerdictCode::TelegramApiUnauthorized;
        for round in 0..12_u32 {
            let bot = place.bot(&format!("r{round}")).await;
            place.watch().await;
            place.control.revoke(bot.bot).unwrap();
            place.call(&bot).await;
            Clock::system()
                .sleep(Duration::from_millis(u64::from(round)))
                .await;
            place.stop_watching().await;
            // What a stop has begun to write may still be written.
            let (told, changes) = (place.told(&bot).await, place.changes(&bot).await);
            assert!(told.len() <= 1 && changes.len() <= 1);
            place.health.diagnose(&bot.project).await.unwrap();
            assert_eq!(place.told(&bot).await, [degraded(code)], "{round}");
            assert_eq!(place.changes(&bot).await.len(), 1, "{round}");
        }
    })
    .await;
}
