//! Whatever step an operation stops at, record and Telegram agree once it has been resumed.

use bot_connection::{Did, Error, Status};
use telegram_simulator::{BotId, FailureKind, Token};

use crate::support::{Place, on_both, project};

/// The steps after getMe, each as the method whose how-manieth call it is, and whether it is done before it fails.
const STEPS: [(&str, u32, FailureKind, &str); 6] = [
    ("getWebhookInfo", 1, FailureKind::Cut, "begun"),
    ("setWebhook", 1, FailureKind::Cut, "begun"),
    ("setWebhook", 1, FailureKind::CutAfter, "begun"),
    ("setWebhook", 1, FailureKind::Status(502), "begun"),
    ("getWebhookInfo", 2, FailureKind::Cut, "told"),
    (
        "getWebhookInfo",
        2,
        FailureKind::TooManyRequests(120),
        "told",
    ),
];

/// What there is before the token comes: nothing, a disconnected bot, one whose token was replaced, one that drifted.
const OPERATIONS: [&str; 4] = ["connect", "reconnect", "rotate", "repair"];

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_at_any_step_is_in_the_record_and_is_mended_later() {
    on_both(async |mut place| {
        for (number, operation) in OPERATIONS.iter().enumerate() {
            for (at, (method, how_manieth, how, step)) in STEPS.iter().enumerate() {
                let name = format!("{number}x{at}");
                let (bot, token) = prepare(&place, &name, operation).await;
                // A repair has asked once already whether the webhook is ours.
                let asked = u32::from(*operation == "repair" && *method == "getWebhookInfo");
                for _ in 1..(how_manieth + asked) {
                    place.fail(bot, method, FailureKind::Delay(0));
                }
                place.fail(bot, method, how.clone());
                let failed = place.put(&name, &token).await.unwrap_err();
                let context = format!("{operation} {method} {how:?}");
                assert!(
                    matches!(failed, Error::TelegramUnavailable(_)),
                    "{context}: {failed:?}"
                );
                let record = place.record(&name).await;
                let reached = (record.operation.as_deref(), &*record.step);
                assert_eq!(reached, (Some(*operation), *step), "{context}");
                assert_eq!(record.warning, Some(failed.to_string()), "{context}");
                place.restart();
                place.hands.advance(std::time::Duration::from_secs(120));
                assert_eq!(place.resume().await, 1, "{context}");
                let ended = place.is_connected(&name, bot).await;
                assert_eq!(
                    (ended.current, ended.warning),
                    (record.current, None),
                    "{context}"
                );
                assert!(!place.is_parked(&ended.id));
                assert_eq!(place.resume().await, 0, "{context}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_telegram_was_told_is_mended_at_the_next_start() {
    on_both(async |mut place| {
        for (number, operation) in OPERATIONS.iter().enumerate() {
            let name = number.to_string();
            let (bot, token) = prepare(&place, &name, operation).await;
            place.fail(bot, "setWebhook", FailureKind::Delay(3_600_000));
            crash_when_called(&place, &name, &token, bot, "setWebhook").await;
            let record = place.record(&name).await;
            let reached = (record.operation.as_deref(), &*record.step);
            assert_eq!(reached, (Some(*operation), "begun"));
            place.restart();
            assert_eq!(place.resume().await, 1, "{operation}");
            assert_eq!(place.is_connected(&name, bot).await.current, record.current);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_put_goes_on_with_the_registration_that_telegram_may_know() {
    on_both(async |mut place| {
        for (number, operation) in OPERATIONS.iter().enumerate() {
            let name = number.to_string();
            let (bot, token) = prepare(&place, &name, operation).await;
            place.fail(bot, "setWebhook", FailureKind::CutAfter);
            place.put(&name, &token).await.unwrap_err();
            let record = place.record(&name).await;
            place.restart();
            let did = place.put(&name, &token).await.unwrap().did;
            let carried_out = match *operation {
                "connect" => Did::Connected,
                "reconnect" => Did::Reconnected,
                "rotate" => Did::Rotated,
                _ => Did::Repaired,
            };
            assert_eq!(did, carried_out);
            let ended = place.is_connected(&name, bot).await;
            assert_eq!(ended.current, record.current, "{operation}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_the_record_leaves_nothing() {
    on_both(async |mut place| {
        let (bot, token) = place.bot();
        place.fail(bot, "getMe", FailureKind::Delay(3_600_000));
        crash_when_called(&place, "1", &token, bot, "getMe").await;
        place.restart();
        assert_eq!((place.resume().await, place.find("1").await), (0, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_the_old_bot_and_the_new_one_ends_with_both_as_they_should_be() {
    on_both(async |mut place| {
        let (old, old_token) = place.bot();
        let (new, new_token) = place.control.new_bot("Second", "second_bot");
        place.put("1", &old_token).await.unwrap();
        let first = place.record("1").await;
        place.fail(old, "getWebhookInfo", FailureKind::Cut);
        place.fail(new, "getWebhookInfo", FailureKind::Cut);
        place.put("1", &new_token).await.unwrap_err();
        let left = place
            .parts
            .directory
            .connection_find(&first.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (left.status, left.operation.as_deref()),
            (Status::Disconnected, Some("disconnect"))
        );
        assert_eq!(place.record("1").await.status, Status::Connecting);
        assert_eq!(place.webhook(old), place.url(&first));

        place.restart();
        // Both are of one project, which has one turn: whoever is second is ended with the next look.
        let mut ended = 0;
        while ended < 2 {
            place.hands.advance(std::time::Duration::from_secs(10));
            ended += place.resume().await;
        }
        place.is_connected("1", new).await;
        assert_eq!(place.webhook(old), "");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_died_meanwhile_ends_what_was_begun() {
    on_both(async |mut place| {
        let (bot, token) = place.bot();
        place.fail(bot, "setWebhook", FailureKind::Cut);
        place.put("1", &token).await.unwrap_err();
        place.control.revoke(bot).unwrap();
        place.restart();
        assert_eq!(place.resume().await, 0);
        let record = place.record("1").await;
        assert_eq!(
            (record.status, record.operation),
            (Status::Disconnected, None)
        );
        assert_eq!(record.warning, Some(Error::TokenNotValid.to_string()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_again_is_tried_ever_more_rarely() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.fail(bot, "setWebhook", FailureKind::Cut);
        place.put("1", &token).await.unwrap_err();
        place
            .control
            .fail(telegram_simulator::Failure::next(u32::MAX, FailureKind::Cut).of(bot));
        for _ in 0..1_000 {
            assert_eq!(place.resume().await, 0);
        }
        let tries = place.calls(bot, "getWebhookInfo").len() - 1;
        assert!((9..=12).contains(&tries), "in 2,000 s: {tries}");
        place.control.clear_failures();
        place.hands.advance(std::time::Duration::from_secs(300));
        assert_eq!(place.resume().await, 1);
        place.is_connected("1", bot).await;
    })
    .await;
}

/// What there has to be for a token to mean this operation; the bot, and the token to put.
async fn prepare(place: &Place, name: &str, operation: &str) -> (BotId, Token) {
    let (bot, token) = place.bot();
    if operation == "connect" {
        return (bot, token);
    }
    place.put(name, &token).await.unwrap();
    match operation {
        "rotate" => (bot, place.control.revoke(bot).unwrap()),
        "reconnect" => {
            place.connections.disconnect(&project(name)).await.unwrap();
            (bot, token)
        }
        _ => {
            place.control.rival_deletes_webhook(bot).unwrap();
            (bot, token)
        }
    }
}

/// Leaves the operation behind, for good, when Telegram has carried a call out whose answer it never hears.
async fn crash_when_called(place: &Place, name: &str, token: &Token, bot: BotId, method: &str) {
    place.later();
    let before = place.calls(bot, method).len();
    let work = place.start_putting(name, token);
    place.called(bot, method, before + 1).await;
    work.abort();
    assert!(work.await.unwrap_err().is_cancelled());
}
