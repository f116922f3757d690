//! What the platform is told: each connecting and disconnecting once, in the transaction that makes it so.

use bot_connection::{BotConnections, Error};
use telegram_simulator::FailureKind;

use crate::support::{Place, on_both, project};

const CONNECTED: &str = "project.bot.connected";
const DISCONNECTED: &str = "project.bot.disconnected";

#[tokio::test(flavor = "multi_thread")]
async fn each_coming_and_going_is_announced_once() {
    on_both(async |mut place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let first = id(&place).await;
        let connected = (CONNECTED.to_owned(), first.clone());
        let disconnected = (DISCONNECTED.to_owned(), first.clone());
        let mut expected = vec![connected.clone()];
        assert_eq!(place.announced().await, expected);

        // Neither the same token, nor a repair, nor a rotation is news.
        place.put("1", &token).await.unwrap();
        place.control.rival_deletes_webhook(bot).unwrap();
        place.put("1", &token).await.unwrap();
        let new = place.control.revoke(bot).unwrap();
        place.put("1", &new).await.unwrap();
        assert_eq!(place.announced().await, expected);

        place.later();
        place.connections.disconnect(&project("1")).await.unwrap();
        place.connections.disconnect(&project("1")).await.unwrap();
        expected.push(disconnected.clone());
        assert_eq!(place.announced().await, expected);

        place.later();
        place.connections.reconnect(&project("1")).await.unwrap();
        expected.push(connected);
        assert_eq!(place.announced().await, expected);

        let (_, other) = place.control.new_bot("Second", "second_bot");
        place.put("1", &other).await.unwrap();
        expected.push(disconnected);
        expected.push((CONNECTED.to_owned(), id(&place).await));
        assert_eq!(place.announced().await, expected);
        place.restart();
        assert_eq!(place.resume().await, 0);
        assert_eq!(place.announced().await, expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_connected_is_not_announced() {
    on_both(async |mut place| {
        let (bot, token) = place.bot();
        // Refused for good.
        place.fail(bot, "setWebhook", FailureKind::Status(400));
        place.put("1", &token).await.unwrap_err();
        // Disconnected, and replaced, while Telegram was out of reach.
        for _ in 0..2 {
            place.fail(bot, "setWebhook", FailureKind::Cut);
            place.put("1", &token).await.unwrap_err();
            place.later();
            place.connections.disconnect(&project("1")).await.unwrap();
        }
        assert_eq!(place.announced().await, []);
        // It comes with the resume that ends it, and only then.
        place.fail_second(bot, "getWebhookInfo", FailureKind::Cut);
        place.put("1", &token).await.unwrap_err();
        assert_eq!(place.announced().await, []);
        place.restart();
        assert_eq!(place.resume().await, 1);
        let connected = (CONNECTED.to_owned(), id(&place).await);
        assert_eq!(place.announced().await, [connected]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bots_event_says_is_what_people_need() {
    on_both(async |place| {
        let (_, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let body = place.events().await.pop().unwrap();
        assert_eq!(body["project_id"], "prj_1");
        assert_eq!(body["data"]["bot_name"], "helper_bot");
        assert_eq!(body["data"]["bot_url"], "https://t.me/helper_bot");
    })
    .await;
}

/// Somebody who did not hear that a change was committed makes it once more, from the copy that it has.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_was_not_heard_of_is_not_announced_again() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.fail(bot, "getWebhookInfo", FailureKind::Delay(0));
        place.fail(bot, "getWebhookInfo", FailureKind::Delay(5_000));
        let unheard = place.start_putting("1", &token);
        place.called(bot, "getWebhookInfo", 2).await;
        let other = BotConnections::new(place.parts.clone(), place.config.clone());
        assert_eq!(other.resume_unfinished().await.unwrap(), 1);
        assert_eq!(place.announced().await.len(), 1);
        let stale = place.pass_time(unheard).await.unwrap_err();
        assert!(matches!(stale, Error::Busy), "{stale:?}");
        place.put("1", &token).await.unwrap();
        assert_eq!(place.announced().await.len(), 1);
    })
    .await;
}

async fn id(place: &Place) -> String {
    place.record("1").await.id.to_string()
}
