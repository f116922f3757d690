//! What a pasted token does, row by row.

use bot_connection::{Did, Error, Status};
use telegram_bot_api::UpdateKind;

use crate::support::{on_both, project};

#[tokio::test(flavor = "multi_thread")]
async fn a_first_token_connects() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        let connected = place.put("1", &token).await.unwrap();
        assert_eq!(
            (connected.did, connected.warnings),
            (Did::Connected, vec![])
        );
        assert_eq!(connected.view.status, Status::Active);
        assert_eq!(connected.view.username.as_deref(), Some("helper_bot"));
        assert_eq!(connected.view.name.as_deref(), Some("Helper"));
        assert_eq!((connected.view.step, connected.view.warning), (None, None));
        let record = place.is_connected("1", bot).await;
        assert_eq!(record.current.generation.value(), 1);
        assert_eq!(record.connected_at, Some(place.parts.clock.now()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn telegram_is_told_every_parameter_and_no_other() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let told = place.calls(bot, "setWebhook").pop().unwrap().parameters;
        let names: Vec<_> = told.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["allowed_updates", "max_connections", "secret_token", "url"]
        );
        assert!(!told.values().any(|value| value == "null"));
        assert_eq!(told["max_connections"], "40");
        let kinds: Vec<String> = serde_json::from_str(&told["allowed_updates"]).unwrap();
        let all: Vec<_> = UpdateKind::ALL
            .iter()
            .map(|kind| kind.as_str().to_owned())
            .collect();
        assert_eq!(kinds, all);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_token_changes_nothing() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let before = place.record("1").await;
        let again = place.put("1", &token).await.unwrap();
        assert_eq!(again.did, Did::Unchanged);
        assert_eq!(place.record("1").await, before);
        assert_eq!(place.calls(bot, "setWebhook").len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_of_the_bot_is_taken_over() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let renamed = serde_json::json!({
            "id": bot.0, "is_bot": true, "first_name": "Renamed", "username": "renamed_bot"
        });
        place.control.answer_with("getMe", renamed);
        let again = place.put("1", &token).await.unwrap();
        assert_eq!(again.did, Did::Unchanged);
        assert_eq!(again.view.name.as_deref(), Some("Renamed"));
        assert_eq!(
            place.record("1").await.username.as_deref(),
            Some("renamed_bot")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_token_mends_a_webhook_that_drifted() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let first = place.record("1").await;
        place.control.rival_deletes_webhook(bot).unwrap();
        let again = place.put("1", &token).await.unwrap();
        assert_eq!((again.did, again.warnings), (Did::Repaired, vec![]));
        let record = place.is_connected("1", bot).await;
        assert_eq!(record.id, first.id);
        assert_eq!(record.current.generation.value(), 2);
        assert_eq!(record.previous.unwrap().registration, first.current);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_token_follows_a_public_address_that_changed() {
    on_both(async |mut place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let mut config = place.config.clone();
        config.public_url = Some("https://8.8.8.8:8443".parse().unwrap());
        place.reconfigure(config);
        let again = place.put("1", &token).await.unwrap();
        assert_eq!(
            (again.did, again.warnings),
            (Did::Repaired, vec![]),
            "we are no rival"
        );
        assert!(
            place
                .webhook(bot)
                .starts_with("https://8.8.8.8:8443/telegram/webhook/")
        );
        let record = place.record("1").await;
        assert_eq!(
            record.registered_base_url.as_deref(),
            Some("https://8.8.8.8:8443")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_bot_comes_back_with_its_token_or_a_new_one() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let first = place.record("1").await;
        place.connections.disconnect(&project("1")).await.unwrap();
        assert_eq!(place.put("1", &token).await.unwrap().did, Did::Reconnected);
        let second = place.is_connected("1", bot).await;
        assert_eq!(
            (&second.id, second.current.generation.value()),
            (&first.id, 2)
        );
        assert_eq!(
            (second.previous, second.token_version),
            (None, first.token_version)
        );

        place.connections.disconnect(&project("1")).await.unwrap();
        let new = place.control.revoke(bot).unwrap();
        assert_eq!(place.put("1", &new).await.unwrap().did, Did::Reconnected);
        let third = place.is_connected("1", bot).await;
        assert_eq!(
            (&third.id, third.current.generation.value()),
            (&first.id, 3)
        );
        assert_eq!(third.token_version, first.token_version.next());
        assert!(!place.accepts(&third.id, first.current).await);
        assert!(!place.accepts(&third.id, second.current).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconnect_needs_no_token() {
    on_both(async |place| {
        let missing = place
            .connections
            .reconnect(&project("1"))
            .await
            .unwrap_err();
        assert!(matches!(missing, Error::NotFound(_)), "{missing:?}");
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        place.later();
        let connected = place.connections.reconnect(&project("1")).await.unwrap();
        assert_eq!(connected.did, Did::Repaired);
        place.connections.disconnect(&project("1")).await.unwrap();
        place.later();
        let connected = place.connections.reconnect(&project("1")).await.unwrap();
        assert_eq!(connected.did, Did::Reconnected);
        place.is_connected("1", bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_bot_takes_the_place_of_the_one_before() {
    on_both(async |place| {
        let (old, old_token) = place.bot();
        let (new, new_token) = place.control.new_bot("Second", "second_bot");
        place.put("1", &old_token).await.unwrap();
        let first = place.record("1").await;
        let replaced = place.put("1", &new_token).await.unwrap();
        assert_eq!(replaced.did, Did::Replaced);
        let second = place.is_connected("1", new).await;
        assert_ne!(first.id, second.id);
        assert_eq!(place.webhook(old), "");
        let first = place
            .parts
            .directory
            .connection_find(&first.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (first.status, first.operation),
            (Status::Disconnected, None)
        );
        assert!(place.is_parked(&first.id) && !place.is_parked(&second.id));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_cannot_be_verified_replaces_nothing() {
    on_both(async |place| {
        let (old, old_token) = place.bot();
        let (new, new_token) = place.control.new_bot("Second", "second_bot");
        place.put("1", &old_token).await.unwrap();
        place.control.delete(new).unwrap();
        let refused = place.put("1", &new_token).await.unwrap_err();
        assert!(matches!(refused, Error::TokenNotValid), "{refused:?}");
        place.is_connected("1", old).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_of_another_project_is_refused_until_it_is_disconnected_there() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        let (_, other) = place.control.new_bot("Second", "second_bot");
        place.put("1", &token).await.unwrap();
        place.put("3", &other).await.unwrap();
        for project in ["2", "3"] {
            let refused = place.put(project, &token).await.unwrap_err();
            assert!(matches!(refused, Error::ConnectedElsewhere), "{refused:?}");
        }
        assert_eq!(place.find("2").await, None);
        assert_eq!(place.record("3").await.status, Status::Active);
        place.is_connected("1", bot).await;

        place.connections.disconnect(&project("1")).await.unwrap();
        assert_eq!(place.put("2", &token).await.unwrap().did, Did::Connected);
        place.is_connected("2", bot).await;
        let late = place.put("1", &token).await.unwrap_err();
        assert!(matches!(late, Error::ConnectedElsewhere), "{late:?}");
    })
    .await;
}
