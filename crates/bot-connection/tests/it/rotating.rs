//! A new token of a bot that is connected.

use std::time::Duration;

use bot_connection::{Did, Error, Status};
use clock::Clock;
use telegram_simulator::{ChatId, Failure, FailureKind};

use crate::support::{DEADLINE, on_both, project};

#[tokio::test(flavor = "multi_thread")]
async fn the_registration_before_is_good_for_ten_minutes_more() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let before = place.record("1").await;
        let new = place.control.revoke(bot).unwrap();
        assert_eq!(place.put("1", &new).await.unwrap().did, Did::Rotated);
        let after = place.is_connected("1", bot).await;
        assert_eq!(after.id, before.id);
        assert_eq!(after.token_version, before.token_version.next());
        assert_eq!(after.current.generation, before.current.generation.next());
        assert!(place.accepts(&after.id, after.current).await);
        place.hands.advance(Duration::from_secs(599));
        assert!(place.accepts(&after.id, before.current).await);
        place.hands.advance(Duration::from_secs(1));
        assert!(!place.accepts(&after.id, before.current).await);
        assert!(place.accepts(&after.id, after.current).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ten_minutes_begin_when_telegram_has_shown_the_new_address() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let before = place.record("1").await;
        let new = place.control.revoke(bot).unwrap();
        place.fail_second(bot, "getWebhookInfo", FailureKind::Cut);
        place.put("1", &new).await.unwrap_err();
        place.hands.advance(Duration::from_secs(3_600));
        let during = place.record("1").await;
        assert_eq!((during.status, &*during.step), (Status::Active, "told"));
        assert!(place.accepts(&before.id, before.current).await);
        assert!(place.accepts(&before.id, during.current).await);
        assert_eq!(place.resume().await, 1);
        place.hands.advance(Duration::from_secs(599));
        assert!(place.accepts(&before.id, before.current).await);
        place.hands.advance(Duration::from_secs(1));
        assert!(!place.accepts(&before.id, before.current).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_between_revoke_and_rotation_arrives() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let new = place.control.revoke(bot).unwrap();
        let sent: Vec<i64> = (0..20)
            .map(|number| {
                let text = format!("between {number}");
                place
                    .control
                    .user_sends(bot, ChatId(1_000 + number % 3), &text)
                    .unwrap()
                    .unwrap()
            })
            .collect();
        assert_eq!(place.webhook(bot), "", "the webhook went with the token");
        place.put("1", &new).await.unwrap();
        let all = |ledger: &telegram_simulator::Ledger| ledger.acknowledged(bot).len() == 20;
        let arrived = place.control.wait_for(all, DEADLINE);
        let turning = tokio::spawn({
            let hands = place.hands.clone();
            async move {
                loop {
                    hands.advance(Duration::from_millis(100));
                    Clock::system().sleep(Duration::from_millis(2)).await;
                }
            }
        });
        arrived.await.unwrap();
        turning.abort();
        assert_eq!(Vec::from_iter(place.control.acknowledged(bot)), sent);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_token_may_be_refused_for_a_moment() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let new = place.control.revoke(bot).unwrap();
        let refused = Failure::next(2, FailureKind::Unauthorized)
            .of(bot)
            .on("getMe");
        place.control.fail(refused);
        place.later();
        let work = place.start_putting("1", &new);
        assert_eq!(place.pass_time(work).await.unwrap().did, Did::Rotated);
        place.is_connected("1", bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_token_that_is_refused_for_longer_is_kept_and_the_caller_is_told() {
    on_both(async |mut place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let new = place.control.revoke(bot).unwrap();
        let refused = Failure::next(u32::MAX, FailureKind::Unauthorized).of(bot);
        place.control.fail(refused);
        for _ in 0..2 {
            place.later();
            let work = place.start_putting("1", &new);
            let told = place.pass_time(work).await.unwrap_err();
            assert!(matches!(told, Error::TokenNotAcceptedYet), "{told:?}");
            let view = place.connections.view(&project("1")).await.unwrap();
            let view = view.unwrap();
            assert_eq!(view.step.as_deref(), Some("rotate: begun"));
            assert_eq!(view.warning, Some(told.to_string()));
            assert!(
                told.to_string()
                    .contains("has not accepted the new token yet")
            );
        }
        place.restart();
        assert_eq!(place.resume().await, 0);
        place.control.clear_failures();
        place.hands.advance(Duration::from_secs(10));
        assert_eq!(place.resume().await, 1);
        let record = place.is_connected("1", bot).await;
        assert_eq!((record.token_version.value(), record.warning), (2, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_does_not_take_the_place_of_one_that_works() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let before = place.record("1").await;
        let (number, secret) = token.expose().split_once(':').unwrap();
        let mistyped = secret.chars().rev().collect::<String>();
        let mistyped = format!("{number}:{mistyped}").parse().unwrap();
        place.later();
        let connections = place.connections.clone();
        let work = tokio::spawn(async move {
            let project = project("1");
            connections.put_token(&project, &mistyped).await
        });
        let told = place.pass_time(work).await.unwrap_err();
        assert!(matches!(told, Error::TokenNotValid), "{told:?}");
        assert_eq!(place.record("1").await, before);
        place.is_connected("1", bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_token_that_is_refused_in_a_later_step_is_tried_for_a_day() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let new = place.control.revoke(bot).unwrap();
        let refused = Failure::next(u32::MAX, FailureKind::Unauthorized).of(bot);
        place.control.fail(refused.on("setWebhook"));
        let failed = place.put("1", &new).await.unwrap_err();
        assert!(matches!(failed, Error::TokenNotAcceptedYet), "{failed:?}");
        place.hands.advance(Duration::from_secs(3_600));
        assert_eq!(place.resume().await, 0);
        assert_eq!(place.record("1").await.operation.as_deref(), Some("rotate"));
        place.hands.advance(Duration::from_secs(24 * 3_600));
        assert_eq!(place.resume().await, 0);
        let record = place.record("1").await;
        assert_eq!((record.status, record.operation), (Status::Active, None));
        assert_eq!(record.warning, Some(Error::TokenNotValid.to_string()));
        place.control.clear_failures();
        assert_eq!(place.put("1", &new).await.unwrap().did, Did::Repaired);
        place.is_connected("1", bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telegram_out_of_reach_in_between_does_not_begin_the_day_anew() {
    on_both(async |mut place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let new = place.control.revoke(bot).unwrap();
        place.fail(bot, "setWebhook", FailureKind::Cut);
        place.put("1", &new).await.unwrap_err();
        // The day begins when the token is refused first, however long Telegram was out of reach before.
        place.hands.advance(Duration::from_secs(48 * 3_600));
        for hour in 0..24 {
            let how = match hour % 2 {
                0 => FailureKind::Unauthorized,
                _ => FailureKind::Cut,
            };
            place.fail(bot, "setWebhook", how);
            assert_eq!(place.resume().await, 0);
            let record = place.record("1").await;
            assert_eq!(record.operation.as_deref(), Some("rotate"), "{hour}");
            assert_eq!(record.warning, Some(Error::TokenNotAcceptedYet.to_string()));
            place.restart();
            place.hands.advance(Duration::from_secs(3_600));
        }
        place.fail(bot, "setWebhook", FailureKind::Unauthorized);
        assert_eq!(place.resume().await, 0);
        let record = place.record("1").await;
        assert_eq!((record.status, record.operation), (Status::Active, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_token_takes_over_a_rotation_that_is_not_done() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let second = place.control.revoke(bot).unwrap();
        place.fail(bot, "setWebhook", FailureKind::Cut);
        place.put("1", &second).await.unwrap_err();
        let third = place.control.revoke(bot).unwrap();
        assert_eq!(place.put("1", &third).await.unwrap().did, Did::Rotated);
        let record = place.is_connected("1", bot).await;
        assert_eq!(record.token_version.value(), 3);
        assert_eq!(place.resume().await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconnect_ends_the_ten_minutes() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let first = place.record("1").await;
        let new = place.control.revoke(bot).unwrap();
        place.put("1", &new).await.unwrap();
        let second = place.record("1").await;
        place.connections.disconnect(&project("1")).await.unwrap();
        place.put("1", &new).await.unwrap();
        assert!(!place.accepts(&first.id, first.current).await);
        assert!(!place.accepts(&first.id, second.current).await);
        assert_eq!(place.is_connected("1", bot).await.previous, None);
    })
    .await;
}
