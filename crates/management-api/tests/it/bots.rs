//! Connecting, showing, disconnecting and reconnecting over HTTP.

use serde_json::json;
use telegram_simulator::{Failure, FailureKind};

use crate::support::{bot, on_both, on_both_without_public_url, pasted};

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_shown_in_the_platforms_shape() {
    on_both(async |place| {
        let none =
            json!({"project_id": "prj_1", "connected": false, "bot": null, "status": "none"});
        assert_eq!(place.send("GET", &bot("1"), "").await.data(), &none);

        let (_, token) = place.control.new_bot("Helper", "helper_bot");
        let put = place.put("1", &token).await;
        assert_eq!(put.status, 200);
        let id = put.data()["bot"]["id"].clone();
        assert!(
            id.as_str()
                .is_some_and(|id| id.starts_with("bot_") && id.len() == 30),
            "{id}"
        );
        let connected = json!({
            "project_id": "prj_1",
            "connected": true,
            "bot": {"id": id, "name": "helper_bot", "url": "https://t.me/helper_bot"},
            "status": "active",
        });
        assert_eq!(put.data(), &connected);
        // Nobody has looked at it yet.
        let unknown = json!({
            "status": "unknown", "code": null, "sentence": null, "fix": null, "since": null, "checked_at": null,
        });
        let mut shown = place.send("GET", &bot("1"), "").await.data().clone();
        let health = shown.as_object_mut().unwrap().remove("health");
        assert_eq!((&shown, health.as_ref()), (&connected, Some(&unknown)));

        let gone = json!({
            "project_id": "prj_1", "connected": false, "bot": null, "status": "disconnected"
        });
        let delete = place.send("DELETE", &bot("1"), "").await;
        assert_eq!((delete.status.as_u16(), delete.data()), (200, &gone));
        assert_eq!(place.send("DELETE", &bot("1"), "").await.data(), &gone);
        let mut shown = place.send("GET", &bot("1"), "").await.data().clone();
        let health = shown.as_object_mut().unwrap().remove("health");
        assert_eq!((&shown, health.as_ref()), (&gone, Some(&unknown)));

        place.hands.advance(std::time::Duration::from_secs(2));
        let back = place
            .send("POST", &format!("{}/reconnect", bot("1")), "")
            .await;
        assert_eq!((back.status.as_u16(), back.data()), (200, &connected));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_without_a_bot_is_told_how_to_get_one() {
    on_both(async |place| {
        for (method, path) in [
            ("DELETE", bot("1")),
            ("POST", format!("{}/reconnect", bot("1"))),
        ] {
            let answer = place.send(method, &path, "").await;
            assert_eq!(answer.fault(), (404, "RESOURCE_NOT_FOUND"));
            assert_eq!(answer.body["error"]["message"], "Project prj_1 has no bot.");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rival_is_a_warning() {
    on_both(async |place| {
        let (bot_id, token) = place.control.new_bot("Helper", "helper_bot");
        place
            .control
            .rival_sets_webhook(bot_id, "https://rival.example.com/AAAsecret")
            .unwrap();
        let put = place.put("1", &token).await;
        let warning = put.data()["warnings"][0].as_str().unwrap();
        assert!(
            warning.contains("rival.example.com") && !warning.contains("AAAsecret"),
            "{warning}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_with_its_remedy() {
    on_both(async |place| {
        let (bot_id, token) = place.control.new_bot("Helper", "helper_bot");
        for (method, how, fault) in [
            (
                "getMe",
                FailureKind::Unauthorized,
                (422, "BOT_TOKEN_NOT_VALID"),
            ),
            (
                "getMe",
                FailureKind::Status(500),
                (503, "TELEGRAM_UNAVAILABLE"),
            ),
            ("getMe", FailureKind::Status(400), (502, "TELEGRAM_REFUSED")),
            (
                "setWebhook",
                FailureKind::Status(400),
                (502, "WEBHOOK_REFUSED"),
            ),
        ] {
            place
                .control
                .fail(Failure::next(1, how.clone()).of(bot_id).on(method));
            let answer = place.put("1", &token).await;
            assert_eq!(answer.fault(), fault, "{how:?}");
            let retry = if fault.0 == 503 { "30" } else { "" };
            assert_eq!(answer.header("retry-after"), retry);
        }
        let shown = place.send("GET", &bot("1"), "").await;
        let warning = shown.data()["warnings"][0].as_str().unwrap();
        assert!(
            warning.starts_with("Telegram does not take the webhook."),
            "{warning}"
        );
        assert_eq!(place.put("1", &token).await.status, 200);
        let elsewhere = place.put("2", &token).await;
        assert_eq!(elsewhere.fault(), (409, "BOT_CONNECTED_ELSEWHERE"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_public_address_says_so() {
    on_both_without_public_url(async |place| {
        let (_, token) = place.control.new_bot("Helper", "helper_bot");
        let answer = place.send("PUT", &bot("1"), &pasted(&token)).await;
        assert_eq!(answer.fault(), (409, "PUBLIC_URL_MISSING"));
        let remedy = answer.body["error"]["remediation"].as_str().unwrap();
        assert!(remedy.contains("--public-url"), "{remedy}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fails_is_our_own_affair() {
    on_both(async |place| {
        let drop_table = diesel::sql_query("DROP TABLE connections");
        place
            .database
            .connect()
            .await
            .unwrap()
            .run(drop_table)
            .await
            .unwrap();
        let answer = place.send("GET", &bot("1"), "").await;
        assert_eq!(answer.fault(), (500, "INTERNAL_ERROR"));
        assert!(
            !answer.body.to_string().contains("connections"),
            "{answer:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_shows_a_secret() {
    on_both(async |place| {
        let (bot_id, token) = place.control.new_bot("Helper", "helper_bot");
        place.put("1", &token).await;
        place.send("GET", &bot("1"), "").await;
        place.send("DELETE", &bot("1"), "").await;
        place.put("2", &token).await;
        place.put("1", &token).await;
        let said = place.said();
        let (_, secret) = token.expose().split_once(':').unwrap();
        let (_, api_secret) = place.bearer.rsplit_once("_").unwrap();
        assert!(!said.contains(secret) && !said.contains(api_secret));
        for call in place
            .control
            .calls(bot_id)
            .iter()
            .filter(|call| call.method == "setWebhook")
        {
            let (_, path_secret) = call.parameters["url"].rsplit_once('.').unwrap();
            assert!(path_secret.len() == 22 && !said.contains(path_secret));
            assert!(!said.contains(&call.parameters["secret_token"]));
        }
        assert!(said.contains("helper_bot"));
    })
    .await;
}
