//! Much at once leads to little.

use std::time::Duration;

use bot_health::verdict::VerdictCode;
use bot_health::{HealthConfig, Signal};
use ids::TokenVersion;
use request_log::Outcome;
use telegram_simulator::{Failure, FailureKind};

use crate::support::{on_both, plain};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_refusals_are_one_inspection() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        place.control.revoke(bot.bot).unwrap();
        place.control.clear_ledger();
        for _ in 0..10_000 {
            place.health.hear(Signal::TokenRefused {
                connection: bot.id.clone(),
                token_version: TokenVersion::FIRST,
            });
        }
        let code = VerdictCode::TelegramApiUnauthorized;
        place
            .happens(async || place.code(&bot).await == Some(code))
            .await;
        place.pass(SECOND * 55, SECOND).await;
        assert_eq!(place.calls(bot.bot, "getMe").len(), 1);
        assert_eq!(place.told(&bot).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_shows_the_same_again_and_again_is_looked_at_ever_more_rarely() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        place.control.clear_ledger();
        // Somebody who knows the path, and not the secret, keeps knocking.
        for _ in 0..600 {
            place.request(&bot, Outcome::RejectedWrongSecret);
            place.request(&bot, Outcome::Accepted);
            place.pass(SECOND, SECOND).await;
        }
        let looks = place.calls(bot.bot, "getMe").len();
        assert!((5..=12).contains(&looks), "{looks}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_inspections_are_under_way_than_there_are_places() {
    let config = HealthConfig {
        at_once: 3,
        ..plain()
    };
    on_both(config, async |mut place| {
        let mut bots = Vec::new();
        for number in 0..12 {
            bots.push(place.bot(&number.to_string()).await);
        }
        place.watch().await;
        place.control.clear_ledger();
        place
            .control
            .fail(Failure::next(1_000, FailureKind::Delay(500)).on("getMe"));
        for bot in &bots {
            (0..3).for_each(|_| place.request(bot, Outcome::RejectedWrongSecret));
        }
        let looked = async || {
            let calls = |method| {
                bots.iter()
                    .map(|bot| place.calls(bot.bot, method).len())
                    .sum::<usize>()
            };
            assert!(calls("getMe") <= calls("getWebhookInfo") + 3);
            calls("getWebhookInfo") == 12
        };
        let took = place.until(SECOND / 10, looked).await;
        assert!(took >= SECOND * 3 / 2, "{took:?}");
    })
    .await;
}
