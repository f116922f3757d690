//! "Why is it silent?", by somebody who waits.

use std::time::Duration;

use bot_health::Error;
use bot_health::verdict::VerdictCode;
use telegram_simulator::{Failure, FailureKind};

use crate::support::{degraded, on_both, plain};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_fresh_and_several_who_ask_at_once_share_it() {
    on_both(plain(), async |place| {
        let bot = place.bot("1").await;
        place.control.revoke(bot.bot).unwrap();
        place.control.clear_ledger();
        place
            .control
            .fail(Failure::next(1, FailureKind::Delay(100)).on("getMe"));
        let ask = || {
            let (health, project) = (place.health.clone(), bot.project.clone());
            tokio::spawn(async move { health.diagnose(&project).await })
        };
        let asking: Vec<_> = (0..5).map(|_| ask()).collect();
        let all = async || asking.iter().all(tokio::task::JoinHandle::is_finished);
        place.until(SECOND / 20, all).await;
        for asked in asking {
            let verdict = asked.await.unwrap().unwrap();
            assert_eq!(verdict.code, VerdictCode::TelegramApiUnauthorized);
        }
        assert_eq!(place.calls(bot.bot, "getMe").len(), 1);
        // What was seen is told to everybody else too.
        assert_eq!(
            place.told(&bot).await,
            [degraded(VerdictCode::TelegramApiUnauthorized)]
        );
        let nobody = "prj_nobody".parse().unwrap();
        let error = place.health.diagnose(&nobody).await.unwrap_err();
        assert!(matches!(error, Error::NotFound(_)), "{error:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_while_telegram_is_slow_is_told_what_is_known_in_time() {
    on_both(plain(), async |place| {
        let bot = place.bot("1").await;
        place.control.rival_deletes_webhook(bot.bot).unwrap();
        place.health.diagnose(&bot.project).await.unwrap();
        place
            .control
            .fail(Failure::next(10, FailureKind::Silence(600_000)));
        let (health, project) = (place.health.clone(), bot.project.clone());
        let asked = tokio::spawn(async move { health.diagnose(&project).await });
        let took = place.until(SECOND / 4, async || asked.is_finished()).await;
        assert!(took <= SECOND * 12, "{took:?}");
        let verdict = asked.await.unwrap().unwrap();
        assert_eq!(verdict.code, VerdictCode::WebhookRemoved);
        assert!(
            verdict.evidence[0].what.contains("not fresh"),
            "{verdict:?}"
        );
        assert!(!verdict.sentence.is_empty() && !verdict.fix.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_bot_is_disconnected_and_telegram_is_not_asked() {
    on_both(plain(), async |place| {
        let bot = place.bot("1").await;
        place.connections.disconnect(&bot.project).await.unwrap();
        place.control.clear_ledger();
        let verdict = place.health.diagnose(&bot.project).await.unwrap();
        assert_eq!(verdict.code, VerdictCode::Disconnected);
        assert!(place.calls(bot.bot, "getMe").is_empty());
        assert!(place.told(&bot).await.is_empty());
    })
    .await;
}
