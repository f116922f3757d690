//! Tokens and webhooks that Telegram does not take, and a Telegram that does not answer.

use std::time::Duration;

use bot_connection::{Error, Status, WebhookRefusal};
use telegram_simulator::{Failure, FailureKind, Resolution};

use crate::support::{on_both, project};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_telegram_does_not_accept_leaves_nothing() {
    on_both(async |place| {
        let (bot, revoked) = place.bot();
        place.control.revoke(bot).unwrap();
        let refused = place.put("1", &revoked).await.unwrap_err();
        assert!(matches!(refused, Error::TokenNotValid), "{refused:?}");
        assert_eq!(place.find("1").await, None);

        let (bot, deleted) = place.bot();
        place.control.delete(bot).unwrap();
        let refused = place.put("1", &deleted).await.unwrap_err();
        assert!(matches!(refused, Error::TokenNotValid), "{refused:?}");
        let (bot, token) = place.bot();
        place.fail(bot, "getMe", FailureKind::Status(404));
        let refused = place.put("1", &token).await.unwrap_err();
        assert!(matches!(refused, Error::TokenNotValid), "{refused:?}");
        assert_eq!(place.find("1").await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telegram_in_trouble_says_nothing_about_a_token() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        for how in [
            FailureKind::TooManyRequests(120),
            FailureKind::Status(500),
            FailureKind::NotJson(502),
            FailureKind::Cut,
            FailureKind::CutAfter,
        ] {
            place.fail(bot, "getMe", how.clone());
            let failed = place.put("1", &token).await.unwrap_err();
            assert!(
                matches!(failed, Error::TelegramUnavailable(_)),
                "{how:?}: {failed:?}"
            );
            assert_eq!(place.find("1").await, None);
            // A 429 is remembered by the client.
            place.hands.advance(Duration::from_secs(120));
        }
        place.put("1", &token).await.unwrap();
        place.is_connected("1", bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_was_logged_out_is_told_in_telegrams_words() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.fail(bot, "getMe", FailureKind::Status(400));
        let refused = place.put("1", &token).await.unwrap_err();
        assert!(
            matches!(refused, Error::TelegramRefuses { .. }),
            "{refused:?}"
        );
        assert_eq!(place.find("1").await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_webhook_leaves_a_disconnected_record_with_the_reason() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.control.unresolve("bots.example.com");
        let refused = place.put("1", &token).await.unwrap_err();
        let Error::WebhookRefused { why, description } = &refused else {
            panic!("{refused:?}")
        };
        assert_eq!(*why, WebhookRefusal::NameNotResolved);
        assert!(
            description.contains("Failed to resolve host"),
            "{description}"
        );
        let record = place.record("1").await;
        assert_eq!(
            (record.status, &record.operation),
            (Status::Disconnected, &None)
        );
        assert_eq!(record.warning, Some(refused.to_string()));
        assert!(place.is_parked(&record.id));
        assert_eq!(place.resume().await, 0, "it is over");

        let address = "127.0.0.1:9".parse().unwrap();
        place
            .control
            .resolve("bots.example.com", Resolution::clear(address))
            .unwrap();
        place.put("1", &token).await.unwrap();
        let again = place.is_connected("1", bot).await;
        assert_eq!((again.id, again.warning), (record.id.clone(), None));
        assert!(!place.is_parked(&record.id));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_refused_to_a_bot_that_worked_is_tried_again() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        place.control.unresolve("bots.example.com");
        place.control.rival_deletes_webhook(bot).unwrap();
        let refused = place.put("1", &token).await.unwrap_err();
        assert!(
            matches!(refused, Error::WebhookRefused { .. }),
            "{refused:?}"
        );
        let view = place
            .connections
            .view(&project("1"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (view.status, view.step.as_deref()),
            (Status::Active, Some("repair: begun"))
        );
        assert_eq!(view.warning, Some(refused.to_string()));
        assert_eq!(place.resume().await, 0);

        let address = "127.0.0.1:9".parse().unwrap();
        place
            .control
            .resolve("bots.example.com", Resolution::clear(address))
            .unwrap();
        assert_eq!(
            place.resume().await,
            0,
            "not before ten seconds have passed"
        );
        place.hands.advance(Duration::from_secs(10));
        assert_eq!(place.resume().await, 1);
        assert_eq!(place.is_connected("1", bot).await.warning, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_without_a_public_address() {
    on_both(async |mut place| {
        let (bot, token) = place.bot();
        let mut config = place.config.clone();
        config.public_url = None;
        place.reconfigure(config);
        let refused = place.put("1", &token).await.unwrap_err();
        assert!(matches!(refused, Error::NoPublicUrl), "{refused:?}");
        assert_eq!(place.control.calls(bot).len(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_a_moment_is_tried_again_at_once() {
    on_both(async |place| {
        for (number, how) in [
            FailureKind::Status(409),
            FailureKind::TooManyRequests(1),
            FailureKind::TooManyRequests(3),
        ]
        .into_iter()
        .enumerate()
        {
            let (bot, token) = place.bot();
            let name = number.to_string();
            place
                .control
                .fail(Failure::next(2, how).of(bot).on("setWebhook"));
            place.later();
            let work = place.start_putting(&name, &token);
            place.pass_time(work).await.unwrap();
            place.is_connected(&name, bot).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_longer_is_tried_again_later_and_not_before() {
    on_both(async |place| {
        for (name, how, wait) in [
            ("1", FailureKind::TooManyRequests(40), Some(40)),
            ("2", FailureKind::Status(409), None),
        ] {
            let (bot, token) = place.bot();
            place
                .control
                .fail(Failure::next(3, how).of(bot).on("setWebhook"));
            place.later();
            let work = place.start_putting(name, &token);
            let told = place.pass_time(work).await.unwrap_err();
            assert!(matches!(told, Error::TelegramUnavailable(_)), "{told:?}");
            assert_eq!(told.retry_after(), wait.map(Duration::from_secs));
            let record = place.record(name).await;
            assert_eq!(record.operation.as_deref(), Some("connect"));
            assert_eq!(record.warning, Some(told.to_string()));
            place.control.clear_failures();
            if wait.is_some() {
                assert_eq!(place.resume().await, 0, "Telegram asked to wait");
                place.hands.advance(Duration::from_secs(40));
            }
            assert_eq!(place.resume().await, 1);
            place.is_connected(name, bot).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_telegram_does_not_like_has_a_code_and_a_fix() {
    on_both(async |place| {
        let (_, token) = place.bot();
        for (address, why) in [
            ("10.0.0.1", WebhookRefusal::AddressReserved),
            ("2001:db8::1", WebhookRefusal::NoIpv4Address),
        ] {
            let mut resolution = Resolution::clear("127.0.0.1:9".parse().unwrap());
            resolution.address = address.parse().unwrap();
            place
                .control
                .resolve("bots.example.com", resolution)
                .unwrap();
            let refused = place.put("1", &token).await.unwrap_err();
            let Error::WebhookRefused { why: told, .. } = &refused else {
                panic!("{refused:?}")
            };
            assert_eq!(*told, why);
            let view = place.connections.view(&project("1")).await.unwrap();
            let warning = view.unwrap().warning.unwrap();
            assert!(warning.starts_with(why.sentence()), "{warning}");
        }
    })
    .await;
}
