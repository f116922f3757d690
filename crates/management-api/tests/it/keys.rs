//! The steps of a rotation over HTTP.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Place, on_both};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_rotated_step_by_step() {
    on_both(async |place| {
        let (_, token) = place.control.new_bot("Helper", "helper_bot");
        assert_eq!(place.put("1", &token).await.status, 200);
        place
            .send(
                "POST",
                "/v1/webhook-endpoints",
                r#"{"url":"https://events.example.com/"}"#,
            )
            .await;
        let status = step(&place, "GET", "").await;
        assert_eq!(status["keys"][0]["uses"]["sealed_tokens"], 1);
        assert_eq!(status["next"]["step"], "nothing");

        let added = step(&place, "POST", "/add").await;
        assert_eq!(added, json!({"key": 2, "was_there": false}));
        assert_eq!(step(&place, "POST", "/add").await["was_there"], true);
        assert_eq!(step(&place, "GET", "").await["next"]["step"], "promote");
        assert_eq!(
            step(&place, "POST", "/2/promote").await,
            json!({"key": 2, "before": 1})
        );
        assert_eq!(step(&place, "POST", "/reload").await["changed"], false);

        let status = step(&place, "GET", "").await;
        assert_eq!(
            (&status["next"]["step"], &status["next"]["sealed"]),
            (&json!("rewrap"), &json!(2))
        );
        assert!(
            status["next"]["sentence"]
                .as_str()
                .unwrap()
                .contains("keys rewrap")
        );
        let early = place.send("POST", "/v1/keys/1/retire", "").await;
        assert_eq!(early.fault(), (409, "KEY_TOO_NEW"));
        assert_eq!(early.header("retry-after"), "61");
        place.hands.advance(Duration::from_secs(61));
        let early = place.send("POST", "/v1/keys/1/retire", "").await;
        assert_eq!(early.fault(), (409, "KEY_IN_USE"));

        let (mut done, mut query) = ((0, 0), String::new());
        loop {
            let share = step(&place, "POST", &format!("/rewrap{query}")).await;
            done.0 += share["tokens"].as_u64().unwrap();
            done.1 += share["secrets"].as_u64().unwrap();
            match share["next_cursor"].as_str() {
                Some(next) => query = format!("?cursor={next}"),
                None => break,
            }
        }
        assert_eq!(done, (1, 1));
        // The webhook still follows from the old key; a disconnect lets go of it.
        let status = step(&place, "GET", "").await;
        assert_eq!(status["keys"][0]["held_by"][0]["project"], "prj_1");
        let shown = place.said();
        let file = std::fs::read_to_string(place.folder.path().join("master.key")).unwrap();
        let material = file.lines().filter_map(|line| line.split(' ').nth(2));
        let material: Vec<_> = material.filter(|word| word.len() == 43).collect();
        assert_eq!(material.len(), 2);
        assert!(
            material.iter().all(|key| !shown.contains(key)),
            "no key is shown"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_with_a_key_says_why() {
    on_both(async |place| {
        for (path, fault) in [
            ("/v1/keys/7/promote", (404, "RESOURCE_NOT_FOUND")),
            ("/v1/keys/7/retire", (404, "RESOURCE_NOT_FOUND")),
            ("/v1/keys/1/retire", (409, "KEY_IS_PRIMARY")),
            ("/v1/keys/rewrap?cursor=x", (422, "VALIDATION_FAILED")),
            ("/v1/keys/add?id=7", (422, "VALIDATION_FAILED")),
        ] {
            assert_eq!(place.send("POST", path, "").await.fault(), fault, "{path}");
        }
        std::fs::write(place.folder.path().join("master.key"), "secret").unwrap();
        for path in ["/v1/keys/add", "/v1/keys/reload"] {
            let broken = place.send("POST", path, "").await;
            assert_eq!(broken.fault(), (409, "KEY_FILE_UNUSABLE"));
        }
        assert!(!place.said().contains("secret"));
    })
    .await;
}

async fn step(place: &Place, method: &str, what: &str) -> Value {
    let answer = place.send(method, &format!("/v1/keys{what}"), "").await;
    assert_eq!(answer.status, 200, "{what} {answer:?}");
    answer.data().clone()
}
