//! Why a bot is silent, how it stands, and how it stood before.

use serde_json::{Value, json};

use crate::support::{Answer, Place, bot, on_both};

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_is_told_with_its_fix_and_evidence_and_kept() {
    on_both(async |place| {
        let (bot_id, token) = place.control.new_bot("Helper", "helper_bot");
        assert_eq!(place.put("1", &token).await.status, 200);
        let well = diagnose(&place, "1").await;
        assert_eq!(
            (&well["code"], &well["status"]),
            (&json!("healthy"), &json!("healthy"))
        );
        assert_eq!(well["project_id"], "prj_1");
        let told = |answer: &Answer| answer.data()["health"]["code"] == "healthy";
        place.watch_until(&bot("1"), told).await;

        place.rival(bot_id);
        let lost = diagnose(&place, "1").await;
        assert_eq!(
            (&lost["code"], &lost["status"]),
            (&json!("webhook_taken_over"), &json!("degraded"))
        );
        for told in ["sentence", "fix"] {
            assert!(lost[told].as_str().unwrap().ends_with('.'), "{lost}");
        }
        let evidence = lost["evidence"].as_array().unwrap();
        assert!(evidence.iter().all(|one| one["what"].is_string()) && !evidence.is_empty());
        assert!(
            lost["checked_at"]
                .as_str()
                .unwrap()
                .starts_with("2026-02-02T"),
            "{lost}"
        );

        let calls = place.control.calls(bot_id).len();
        let shown = health(&place, "1").await;
        assert_eq!(shown["code"], "webhook_taken_over");
        for same in ["sentence", "fix", "status"] {
            assert_eq!(shown[same], lost[same], "{same}");
        }
        assert_eq!(
            place.control.calls(bot_id).len(),
            calls,
            "nobody is asked for it"
        );
        assert!(!place.said().contains("AAAsecret"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_before_a_disconnect_is_not_told_after_it() {
    on_both(async |place| {
        let (bot_id, token) = place.control.new_bot("Helper", "helper_bot");
        assert_eq!(place.put("1", &token).await.status, 200);
        place.rival(bot_id);
        diagnose(&place, "1").await;
        place.send("DELETE", &bot("1"), "").await;
        let gone = health(&place, "1").await;
        assert_eq!(
            (&gone["status"], &gone["code"]),
            (&json!("unknown"), &Value::Null)
        );
        let verdict = diagnose(&place, "1").await;
        assert_eq!(
            (&verdict["code"], &verdict["status"]),
            (&json!("disconnected"), &json!("unknown"))
        );
        assert_eq!(health(&place, "1").await["code"], "disconnected");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_paged_from_the_latest_and_stay_where_they_are() {
    on_both(async |place| {
        let (bot_id, token) = place.control.new_bot("Helper", "helper_bot");
        assert_eq!(place.put("1", &token).await.status, 200);
        diagnose(&place, "1").await;
        for _ in 0..3 {
            place.rival(bot_id);
            settle(&place).await;
            place.hands.advance(std::time::Duration::from_secs(2));
            let back = place
                .send("POST", &format!("{}/reconnect", bot("1")), "")
                .await;
            assert_eq!(back.status, 200, "{back:?}");
            settle(&place).await;
        }
        let path = format!("{}/health-changes", bot("1"));
        let all = place.send("GET", &path, "").await;
        let all = all.data().as_array().unwrap().clone();
        assert!(all.len() >= 4, "{all:?}");
        assert_eq!(all[0]["number"], all.len());
        assert_eq!(
            (&all.last().unwrap()["from"], &all.last().unwrap()["to"]),
            (&json!("healthy"), &json!("webhook_taken_over"))
        );

        let first = place.send("GET", &format!("{path}?limit=2"), "").await;
        // Another one arrives between two pages.
        place.rival(bot_id);
        settle(&place).await;
        let cursor = first.body["next_cursor"].as_str().unwrap();
        let second = place
            .send("GET", &format!("{path}?limit=2&cursor={cursor}"), "")
            .await;
        assert_eq!(first.data().as_array().unwrap()[..], all[..2]);
        assert_eq!(second.data().as_array().unwrap()[..], all[2..4]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_never_had_a_bot_has_no_verdict() {
    on_both(async |place| {
        for (method, what) in [("POST", "diagnosis"), ("GET", "health-changes")] {
            let answer = place
                .send(method, &format!("{}/{what}", bot("1")), "")
                .await;
            assert_eq!(answer.fault(), (404, "RESOURCE_NOT_FOUND"));
            assert_eq!(answer.body["error"]["message"], "Project prj_1 has no bot.");
        }
        let none = place.send("GET", &bot("1"), "").await;
        assert_eq!(none.data().get("health"), None);
        let path = format!("{}/health-changes?limit=101", bot("1"));
        let answer = place.send("GET", &path, "").await;
        assert_eq!(answer.fault(), (422, "VALIDATION_FAILED"));
    })
    .await;
}

async fn diagnose(place: &Place, project: &str) -> Value {
    let answer = place
        .send("POST", &format!("{}/diagnosis", bot(project)), "")
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.data().clone()
}

/// Looks often enough, and for long enough, that what is seen is told.
async fn settle(place: &Place) {
    for _ in 0..4 {
        diagnose(place, "1").await;
        place.hands.advance(std::time::Duration::from_secs(1_800));
    }
    diagnose(place, "1").await;
}

async fn health(place: &Place, project: &str) -> Value {
    let shown = place.send("GET", &bot(project), "").await;
    shown.data()["health"].clone()
}
