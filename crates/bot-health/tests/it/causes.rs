//! What goes wrong with one bot: from the cause to the row, the change and the event, once.

use std::time::Duration;

use bot_health::Signal;
use bot_health::verdict::VerdictCode;
use request_log::Outcome;
use telegram_simulator::{ChatId, Failure, FailureKind};

use crate::support::{degraded, healthy, on_both, plain};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_told_with_the_first_call_that_it_fails_and_no_time_passes() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        place.control.revoke(bot.bot).unwrap();
        place.control.clear_ledger();
        let began = place.clock.elapsed();
        place.call(&bot).await;
        let code = VerdictCode::TelegramApiUnauthorized;
        place
            .happens(async || place.code(&bot).await == Some(code))
            .await;
        assert_eq!(place.clock.elapsed(), began);
        assert_eq!(place.told(&bot).await, [degraded(code)]);
        let changes = place.changes(&bot).await;
        assert_eq!(changes.len(), 1);
        assert_eq!(
            (changes[0].from, changes[0].to),
            (VerdictCode::Healthy, code)
        );
        assert!(!changes[0].sentence.is_empty());
        // It goes on failing, and there is nothing new to tell.
        for _ in 0..20 {
            place.call(&bot).await;
            place.pass(SECOND * 30, SECOND).await;
        }
        assert_eq!(place.told(&bot).await.len(), 1);
        assert_eq!(place.changes(&bot).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_is_healthy_as_soon_as_it_is_registered() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        let new = place.control.revoke(bot.bot).unwrap();
        place.call(&bot).await;
        let code = VerdictCode::TelegramApiUnauthorized;
        place
            .happens(async || place.code(&bot).await == Some(code))
            .await;
        let new = new.expose().parse().unwrap();
        place
            .connections
            .put_token(&bot.project, &new)
            .await
            .unwrap();
        let took = place
            .until(SECOND / 10, async || place.told(&bot).await.len() == 2)
            .await;
        assert!(took <= SECOND * 6, "{took:?}");
        assert_eq!(place.told(&bot).await, [degraded(code), healthy()]);
        assert_eq!(place.code(&bot).await, Some(VerdictCode::Healthy));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_wrong_secrets_is_told_and_two_are_no_burst() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        place.control.rival_drops_secret(bot.bot).unwrap();
        place.control.clear_ledger();
        place.is_answered(&bot, 404, "Not Found").await;
        for _ in 0..2 {
            place.request(&bot, Outcome::RejectedWrongSecret);
        }
        place.pass(SECOND * 20, SECOND).await;
        assert!(place.calls(bot.bot, "getMe").is_empty());
        let began = place.clock.elapsed();
        place.request(&bot, Outcome::RejectedWrongSecret);
        let code = VerdictCode::WebhookSecretMismatch;
        place
            .happens(async || place.code(&bot).await == Some(code))
            .await;
        assert_eq!(place.clock.elapsed(), began);
        assert_eq!(place.told(&bot).await, [degraded(code)]);
        // It is not fought.
        assert!(place.calls(bot.bot, "setWebhook").is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_whose_handlers_fail_is_told_and_recovers_with_the_first_that_does_not() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        let fail = || {
            place.request(&bot, Outcome::Accepted);
            place.health.hear(Signal::Failed {
                connection: bot.id.clone(),
                at: place.clock.now(),
                reason: "the database of the shop is away".into(),
            });
        };
        let code = VerdictCode::HandlerFailing;
        place
            .until(SECOND * 20, async || {
                fail();
                place.code(&bot).await == Some(code)
            })
            .await;
        assert_eq!(place.told(&bot).await, [degraded(code)]);
        place
            .until(SECOND * 20, async || {
                place.request(&bot, Outcome::Accepted);
                let connection = bot.id.clone();
                place.health.hear(Signal::Handled { connection });
                place.code(&bot).await == Some(VerdictCode::Healthy)
            })
            .await;
        assert_eq!(place.told(&bot).await, [degraded(code), healthy()]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_by_itself_is_told_only_when_it_lasts() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        // One failure, and Telegram is back.
        place
            .control
            .fail(Failure::next(2, FailureKind::Status(502)).of(bot.bot));
        let look = || {
            let connection = bot.id.clone();
            place.health.hear(Signal::Registered { connection });
        };
        look();
        place.pass(SECOND * 600, SECOND * 5).await;
        assert!(place.told(&bot).await.is_empty());
        // It stays away.
        place
            .control
            .fail(Failure::next(100_000, FailureKind::Status(502)).of(bot.bot));
        let code = VerdictCode::TelegramUnavailable;
        look();
        place
            .until(SECOND * 5, async || place.code(&bot).await == Some(code))
            .await;
        assert_eq!(place.told(&bot).await, [degraded(code)]);
        place.control.clear_failures();
        place
            .until(SECOND * 5, async || {
                place.request(&bot, Outcome::Accepted);
                place.code(&bot).await == Some(VerdictCode::Healthy)
            })
            .await;
        assert_eq!(place.told(&bot).await, [degraded(code), healthy()]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_telegram_does_not_reach_is_found_by_the_silence() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        for _ in 0..30 {
            place.request(&bot, Outcome::Accepted);
            place.pass(SECOND * 10, SECOND * 10).await;
        }
        place.nobody_listens();
        place
            .control
            .user_sends(bot.bot, ChatId(1), "hello?")
            .unwrap();
        let code = VerdictCode::WebhookUnreachable;
        let took = place
            .until(SECOND * 5, async || place.code(&bot).await == Some(code))
            .await;
        assert!(took < SECOND * 1_200, "{took:?}");
        assert_eq!(place.told(&bot).await, [degraded(code)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_to_which_nobody_has_written_yet_is_no_incident() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        place.pass(SECOND * 3 * 3_600, SECOND * 9).await;
        assert!(!place.calls(bot.bot, "getMe").is_empty());
        assert_eq!(place.code(&bot).await, Some(VerdictCode::Healthy));
        assert!(place.told(&bot).await.is_empty() && place.changes(&bot).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_disconnects_a_bot_is_told_nothing_of_its_status() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        place.control.revoke(bot.bot).unwrap();
        place.call(&bot).await;
        let code = VerdictCode::TelegramApiUnauthorized;
        place
            .happens(async || place.code(&bot).await == Some(code))
            .await;
        place.connections.disconnect(&bot.project).await.unwrap();
        place.control.clear_ledger();
        place
            .until(SECOND * 20, async || {
                place.code(&bot).await == Some(VerdictCode::Disconnected)
            })
            .await;
        assert_eq!(place.told(&bot).await, [degraded(code)]);
        place.pass(SECOND * 7_200, SECOND * 20).await;
        assert!(place.calls(bot.bot, "getMe").is_empty(), "it is left alone");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_that_we_do_not_take_are_told_when_that_lasts() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        place.is_answered(&bot, 503, "Service Unavailable").await;
        let code = VerdictCode::WebhookRefusedByUs;
        place
            .until(SECOND * 10, async || {
                place.request(&bot, Outcome::RejectedUnavailable);
                place.code(&bot).await == Some(code)
            })
            .await;
        assert_eq!(place.told(&bot).await, [degraded(code)]);
    })
    .await;
}
