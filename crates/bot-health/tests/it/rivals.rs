//! Others with the same bot: reported, with their host, and never fought.

use std::time::Duration;

use bot_health::verdict::VerdictCode;
use telegram_simulator::{BotId, Control};

use crate::support::{degraded, healthy, on_both, plain};

const RIVAL: &str = "https://rival.example.com/bot123:AAAsecretpath?token=AAAsecretquery";
const STEP: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_rival_is_found_within_the_hour_reported_once_and_never_fought() {
    type Takes = fn(&Control, BotId);
    let rivals: [(Takes, VerdictCode); 2] = [
        (
            |control, bot| control.rival_sets_webhook(bot, RIVAL).unwrap(),
            VerdictCode::WebhookTakenOver,
        ),
        (
            |control, bot| control.rival_deletes_webhook(bot).unwrap(),
            VerdictCode::WebhookRemoved,
        ),
    ];
    on_both(plain(), async |mut place| {
        let bots = [place.bot("1").await, place.bot("2").await];
        place.watch().await;
        place.control.clear_ledger();
        for (bot, (takes, _)) in bots.iter().zip(rivals) {
            takes(&place.control, bot.bot);
        }
        for (bot, (_, code)) in bots.iter().zip(rivals) {
            let took = place
                .until(STEP, async || place.told(bot).await == [degraded(code)])
                .await;
            assert!(took <= Duration::from_secs(3_600), "{took:?}");
            let standing = place.health.standing(&bot.id).await.unwrap().unwrap();
            assert!(
                !format!("{standing:?}").contains("AAAsecret"),
                "{standing:?}"
            );
            if code == VerdictCode::WebhookTakenOver {
                assert!(
                    standing.sentence.contains("rival.example.com"),
                    "{standing:?}"
                );
            }
        }
        place.pass(Duration::from_secs(3 * 3_600), STEP).await;
        for (bot, (_, code)) in bots.iter().zip(rivals) {
            assert_eq!(place.told(bot).await, [degraded(code)]);
            assert_eq!(place.changes(bot).await.len(), 1);
            assert!(place.calls(bot.bot, "setWebhook").is_empty());
            assert!(place.calls(bot.bot, "deleteWebhook").is_empty());
        }
        // The owner takes it back, and the next look tells.
        place.connections.reconnect(&bots[0].project).await.unwrap();
        place
            .until(STEP, async || place.told(&bots[0]).await.len() == 2)
            .await;
        assert_eq!(place.told(&bots[0]).await[1], healthy());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rival_who_comes_and_goes_is_not_told_each_time() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        for _ in 0..15 {
            place.control.rival_sets_webhook(bot.bot, RIVAL).unwrap();
            place.health.diagnose(&bot.project).await.unwrap();
            place.pass(STEP, STEP / 5).await;
            place.connections.reconnect(&bot.project).await.unwrap();
            place.health.diagnose(&bot.project).await.unwrap();
            place.pass(STEP * 2, STEP / 5).await;
        }
        let told = place.told(&bot).await.len();
        assert!((1..=10).contains(&told), "{told}");
        assert_eq!(place.changes(&bot).await.len(), told);
    })
    .await;
}
