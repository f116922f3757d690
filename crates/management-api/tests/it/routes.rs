//! Paths and methods.

use crate::support::{bot, on_both};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_method_is_told_the_right_ones() {
    on_both(async |place| {
        let reconnect = format!("{}/reconnect", bot("1"));
        for (path, allow) in [
            ("/livez", "GET"),
            ("/readyz", "GET"),
            (bot("1").as_str(), "DELETE, GET, PUT"),
            (reconnect.as_str(), "POST"),
            ("/v1/bots", "GET"),
            ("/v1/bots/import", "POST"),
            ("/v1/keys", "GET"),
            ("/v1/keys/2/promote", "POST"),
            ("/v1/registrations", "GET"),
            ("/v1/webhook-endpoints", "GET, POST"),
            (
                "/v1/webhook-endpoints/whe_01ARZ3NDEKTSV4RRFFQ69G5FAV",
                "DELETE, GET, PATCH",
            ),
        ] {
            for method in ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "BREW"] {
                if allow.split(", ").any(|allowed| allowed == method) {
                    continue;
                }
                let answer = place.send(method, path, "").await;
                assert_eq!(
                    answer.fault(),
                    (405, "METHOD_NOT_ALLOWED"),
                    "{method} {path}"
                );
                assert_eq!(answer.header("allow"), allow);
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found() {
    on_both(async |place| {
        for path in [
            "/",
            "/v1",
            "/v2/projects/prj_1/bot",
            "/v1/projects/prj_1",
            "/v1/projects/prj_1/bot/",
            "/metrics",
        ] {
            let answer = place.send("GET", path, "").await;
            assert_eq!(answer.fault(), (404, "RESOURCE_NOT_FOUND"), "{path}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_id_that_is_none_is_told_how_one_looks() {
    on_both(async |place| {
        for id in [
            "1",
            "prj_",
            "prj_%2e%2e",
            "prj_a-b",
            "PRJ_1",
            &format!("prj_{}", "a".repeat(65)),
        ] {
            let answer = place
                .send("GET", &format!("/v1/projects/{id}/bot"), "")
                .await;
            assert_eq!(answer.fault(), (422, "VALIDATION_FAILED"), "{id}");
            let field = &answer.body["error"]["fields"][0];
            assert_eq!(field["field"], "project");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_token_learns_nothing_of_ids() {
    on_both(async |place| {
        for path in [
            bot("1"),
            "/v1/projects/nonsense/bot".to_owned(),
            "/v1/nothing".to_owned(),
        ] {
            for method in ["GET", "PATCH"] {
                let answer = place.send_as(&[], method, &path, "").await;
                assert_eq!(answer.fault(), (401, "UNAUTHENTICATED"), "{method} {path}");
            }
        }
    })
    .await;
}
