//! A bot that was disabled and enabled again.

use bot_connection::{Error, Healed, ShownUrl, Status, TokenAnswer, Warning};
use telegram_simulator::FailureKind;

use crate::support::{BASE, on_both, project};

#[tokio::test(flavor = "multi_thread")]
async fn it_is_registered_once_and_unasked() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        let id = place.put("1", &token).await.unwrap().view.connection;
        let before = place.record("1").await;
        place.later();
        place.control.disable(bot).unwrap();
        let Healed::LeftAlone(shown) = place.connections.heal(&id).await.unwrap() else {
            panic!("its token is refused")
        };
        assert_eq!(shown.token, TokenAnswer::Unauthorized);
        place.control.enable(bot).unwrap();
        assert_eq!(place.webhook(bot), "");
        assert_eq!(
            place.connections.heal(&id).await.unwrap(),
            Healed::Registered
        );
        let record = place.is_connected("1", bot).await;
        assert_eq!(record.current.generation, before.current.generation.next());
        assert!(place.accepts(&id, before.current).await, "for ten minutes");
        let Healed::LeftAlone(shown) = place.connections.heal(&id).await.unwrap() else {
            panic!("it is well")
        };
        assert_eq!(shown.webhook.unwrap().url, ShownUrl::Ours);
        assert_eq!(place.calls(bot, "setWebhook").len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_elsewhere_and_a_disconnected_bot_are_left_alone() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        let id = place.put("1", &token).await.unwrap().view.connection;
        let rival = "https://rival.example.com/x";
        place.later();
        place.control.rival_sets_webhook(bot, rival).unwrap();
        place.later();
        let before = place.record("1").await;
        let healed = place.connections.heal(&id).await.unwrap();
        assert!(matches!(healed, Healed::LeftAlone(_)));
        assert_eq!(place.webhook(bot), rival);
        assert_eq!(place.record("1").await, before);
        place.control.rival_deletes_webhook(bot).unwrap();
        place.connections.disconnect(&project("1")).await.unwrap();
        let healed = place.connections.heal(&id).await.unwrap();
        assert!(matches!(healed, Healed::LeftAlone(_)));
        assert_eq!(place.calls(bot, "setWebhook").len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_is_ended_later_unless_somebody_else_came() {
    on_both(async |mut place| {
        for rival in [None, Some("https://rival.example.com/x")] {
            let name = if rival.is_some() { "2" } else { "1" };
            let (bot, token) = place.bot();
            let id = place.put(name, &token).await.unwrap().view.connection;
            place.later();
            place.control.disable(bot).unwrap();
            place.control.enable(bot).unwrap();
            place.fail(bot, "setWebhook", FailureKind::Status(502));
            let failed = place.connections.heal(&id).await.unwrap_err();
            assert!(
                matches!(failed, Error::TelegramUnavailable(_)),
                "{failed:?}"
            );
            assert_eq!(place.record(name).await.operation.as_deref(), Some("renew"));
            place.later();
            if let Some(rival) = rival {
                place.control.rival_sets_webhook(bot, rival).unwrap();
            }
            place.restart();
            let ended = place.resume().await;
            if let Some(rival) = rival {
                assert_eq!((ended, place.webhook(bot).as_str()), (0, rival));
                let record = place.record(name).await;
                assert_eq!(record.operation, None);
                assert!(record.warning.unwrap().contains("rival.example.com"));
            } else {
                assert_eq!(ended, 1);
                place.is_connected(name, bot).await;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_gives_way_to_a_rival_behind_our_name_and_to_a_copy_of_this_server() {
    on_both(async |mut place| {
        for name in ["rival", "copy"] {
            let (bot, token) = place.bot();
            let id = place.put(name, &token).await.unwrap().view.connection;
            let ours = place.url(&place.record(name).await);
            place.later();
            place.control.disable(bot).unwrap();
            place.control.enable(bot).unwrap();
            place.fail(bot, "setWebhook", FailureKind::Status(502));
            place.connections.heal(&id).await.unwrap_err();
            let begun = place.record(name).await;
            let reached = (begun.operation.as_deref(), &*begun.step);
            assert_eq!(reached, (Some("renew"), "begun"));
            place.later();
            let (host, other) = match name {
                "rival" => ("bots.example.com", format!("{BASE}/another/program")),
                _ => (
                    "copy.example.com",
                    ours.replace(BASE, "https://copy.example.com"),
                ),
            };
            place.control.rival_sets_webhook(bot, &other).unwrap();
            let asked = place.calls(bot, "setWebhook").len();
            place.restart();
            assert_eq!((place.resume().await, place.webhook(bot)), (0, other));
            assert_eq!(place.calls(bot, "setWebhook").len(), asked);
            let record = place.record(name).await;
            assert_eq!((record.status, record.operation), (Status::Active, None));
            assert!(record.warning.unwrap().contains(host));
            let shown = place.connections.inspect(&id).await.unwrap().webhook;
            let elsewhere = ShownUrl::Elsewhere { host: host.into() };
            assert_eq!(shown.unwrap().url, elsewhere);
            // A person who asks for it has it replaced, and is told.
            place.later();
            let reconnected = place.connections.reconnect(&project(name)).await.unwrap();
            let host = host.to_owned();
            assert_eq!(reconnected.warnings, [Warning::RivalReplaced { host }]);
            place.is_connected(name, bot).await;
        }
    })
    .await;
}
