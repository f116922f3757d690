//! Somebody else with the same bot.

use bot_connection::{Did, Error, Status, Warning};
use telegram_simulator::FailureKind;

use crate::support::{Place, on_both, project};

const RIVAL: &str = "https://rival.example.com/bot123:AAAsecretpath?token=AAAsecretquery";

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_was_there_before_is_replaced_with_a_warning_that_names_its_host() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.control.rival_sets_webhook(bot, RIVAL).unwrap();
        let connected = place.put("1", &token).await.unwrap();
        let host = "rival.example.com".to_owned();
        assert_eq!(connected.warnings, [Warning::RivalReplaced { host }]);
        let text = format!("{connected:?} {}", connected.warnings[0]);
        assert!(!text.contains("AAAsecret"), "{text}");
        place.is_connected("1", bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_token_takes_the_bot_back_from_a_rival() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        place.later();
        place.control.rival_sets_webhook(bot, RIVAL).unwrap();
        let repaired = place.put("1", &token).await.unwrap();
        let host = "rival.example.com".to_owned();
        assert_eq!(repaired.did, Did::Repaired);
        assert_eq!(repaired.warnings, [Warning::RivalReplaced { host }]);
        place.is_connected("1", bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_was_set_again_without_our_secret_is_taken_back_by_a_reconnect() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        place.later();
        place.control.rival_drops_secret(bot).unwrap();
        place.later();
        // What Telegram shows is ours.
        assert_eq!(place.put("1", &token).await.unwrap().did, Did::Unchanged);
        let mut heard = place.connections.registrations();
        let reconnected = place.connections.reconnect(&project("1")).await.unwrap();
        assert_eq!(reconnected.did, Did::Repaired);
        let record = place.is_connected("1", bot).await;
        assert_eq!(heard.recv().await, Some(record.id));
        let told = place.calls(bot, "setWebhook").pop().unwrap();
        assert!(told.parameters.contains_key("secret_token"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rival_at_the_same_moment_is_reported_and_not_fought() {
    on_both(async |mut place| {
        for (name, rival) in [("1", Some(RIVAL)), ("2", None)] {
            let (bot, token) = place.bot();
            let failed = overtaken(&place, name, &token, bot, rival).await;
            let Error::WebhookTakenOver { host } = &failed else {
                panic!("{failed:?}")
            };
            assert_eq!(host.as_deref(), rival.map(|_| "rival.example.com"));
            assert!(!format!("{failed} {failed:?}").contains("AAAsecret"));
            let record = place.record(name).await;
            assert_eq!(
                (record.status, &record.operation),
                (Status::Disconnected, &None)
            );
            assert_eq!(record.warning, Some(failed.to_string()));
            place.restart();
            assert_eq!(place.resume().await, 0);
            assert_eq!(place.webhook(bot), rival.unwrap_or_default());
            assert_eq!(place.calls(bot, "setWebhook").len(), 1);
            // Whoever is asked by a person does it.
            place.put(name, &token).await.unwrap();
            place.is_connected(name, bot).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rival_that_came_while_we_were_away_is_not_fought() {
    on_both(async |mut place| {
        for (name, url) in [("1", RIVAL), ("2", "")] {
            let (bot, token) = place.bot();
            place.fail_second(bot, "getWebhookInfo", FailureKind::Cut);
            place.put(name, &token).await.unwrap_err();
            assert_eq!(place.record(name).await.step, "told");
            place.later();
            match url {
                "" => place.control.rival_deletes_webhook(bot).unwrap(),
                url => place.control.rival_sets_webhook(bot, url).unwrap(),
            }
            place.restart();
            assert_eq!(place.resume().await, 0);
            assert_eq!(place.webhook(bot), url);
            let record = place.record(name).await;
            assert_eq!(
                (record.status, record.operation),
                (Status::Disconnected, None)
            );
            assert!(record.warning.unwrap().starts_with("another service "));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rival_during_a_rotation_leaves_the_record_active_with_a_warning() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let before = place.record("1").await;
        let new = place.control.revoke(bot).unwrap();
        let failed = overtaken(&place, "1", &new, bot, Some(RIVAL)).await;
        assert!(
            matches!(failed, Error::WebhookTakenOver { .. }),
            "{failed:?}"
        );
        let record = place.record("1").await;
        assert_eq!((record.status, record.operation), (Status::Active, None));
        assert_eq!(record.warning, Some(failed.to_string()));
        place.hands.advance(std::time::Duration::from_secs(600));
        assert!(!place.accepts(&record.id, before.current).await);
    })
    .await;
}

/// Puts a token, and lets a rival act between setWebhook and the look at what came of it.
async fn overtaken(
    place: &Place,
    name: &str,
    token: &telegram_simulator::Token,
    bot: telegram_simulator::BotId,
    rival: Option<&str>,
) -> Error {
    place.later();
    let before = place.calls(bot, "setWebhook").len();
    place.fail(bot, "setWebhook", FailureKind::Delay(5_000));
    let work = place.start_putting(name, token);
    place.called(bot, "setWebhook", before + 1).await;
    // A rival is bound by the limit of one setWebhook a second as we are.
    place.hands.advance(std::time::Duration::from_secs(1));
    match rival {
        Some(url) => place.control.rival_sets_webhook(bot, url).unwrap(),
        None => place.control.rival_deletes_webhook(bot).unwrap(),
    }
    place.pass_time(work).await.unwrap_err()
}
