//! What is due for another registration.

use serde_json::json;

use crate::support::on_both;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_told_with_its_reason_and_what_was_done() {
    on_both(async |place| {
        let (_, token) = place.control.new_bot("Helper", "helper_bot");
        assert_eq!(place.put("1", &token).await.status, 200);
        let none = place.send("GET", "/v1/registrations", "").await;
        assert_eq!(none.data()["due"], 0);
        place.send("POST", "/v1/keys/add", "").await;
        assert_eq!(
            place.send("POST", "/v1/keys/2/promote", "").await.status,
            200
        );
        let due = place.send("GET", "/v1/registrations", "").await;
        assert_eq!(due.data()["due"], 1);
        let reasons =
            json!({"public_url": 0, "update_kinds": 0, "max_connections": 0, "master_key": 1});
        assert_eq!(due.data()["reasons"], reasons);

        let progress = bot_connection::Progress {
            done: 1,
            paused_for: std::time::Duration::from_secs(30),
            ..bot_connection::Progress::default()
        };
        place.api.renewals().note(&progress);
        let told = place.send("GET", "/v1/registrations", "").await;
        assert_eq!(told.data()["done_since_start"], 1);
        assert_eq!(told.data()["done_last_minute"], 1);
        assert_eq!(told.data()["paused_for_seconds"], 30);
    })
    .await;
}
