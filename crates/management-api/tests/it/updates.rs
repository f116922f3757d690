//! What operators see of updates, and do with those that failed.

use bytes::Bytes;
use ids::{ConnectionId, ProjectId};
use management_api::{Abilities, Ability};
use serde_json::{Value, json};
use telegram_bot_api::Envelope;
use update_dispatcher::{Attempt, Dead, DeadCause, Journal as _, Progress, Seq, UpdateRef};
use update_inbox::Received;

use crate::support::{Place, bearer, bot, on_both};

const SAID: &str = "my secret wish";

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_update_is_listed_without_what_was_said_and_shown_with_it() {
    on_both(async |place| {
        let owner = place.connect("1").await;
        let number = place.failed(&owner, 5).await;
        let list = place.send("GET", "/v1/updates", "").await;
        assert_eq!(list.status, 200);
        let one = &list.data()[0];
        assert_eq!(
            (&one["number"], &one["state"], &one["kind"], &one["lane"]),
            (
                &json!(number),
                &json!("failed"),
                &json!("message"),
                &json!("chat:7")
            )
        );
        assert_eq!(
            (&one["project_id"], &one["bot_id"], &one["attempts"]),
            (&json!("prj_1"), &json!(owner), &json!(9))
        );
        assert_eq!(
            (&one["cause"], &one["reason"]),
            (&json!("exhausted"), &json!("the shop is closed"))
        );
        assert_eq!(one["history"][0]["reason"], "no answer");
        assert_eq!(list.body["next_cursor"], Value::Null);
        assert!(!place.said().contains(SAID), "a list has no content");

        let shown = place
            .send("GET", &format!("/v1/updates/{number}"), "")
            .await;
        assert_eq!(shown.data()["content"]["message"]["text"], SAID);
        assert!(
            shown.data()["notice"]
                .as_str()
                .unwrap()
                .contains("personal data")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_update_is_handled_again_by_the_running_server_or_discarded() {
    on_both(async |place| {
        let owner = place.connect("1").await;
        let (one, other) = (place.failed(&owner, 5).await, place.failed(&owner, 6).await);
        let before = place.inbox.figures().settled;
        let path = format!("/v1/updates/{one}");
        let replayed = place.send("POST", &format!("{path}/replay"), "").await;
        assert_eq!(replayed.data()["did"], "replayed");
        assert!(replayed.data()["number"].as_i64().unwrap() > other);
        // Nobody has told the dispatcher but the inbox.
        while place.inbox.figures().settled == before {
            tokio::task::yield_now().await;
        }
        for (method, path) in [
            ("GET", path.clone()),
            ("DELETE", path.clone()),
            ("POST", format!("{path}/replay")),
        ] {
            let gone = place.send(method, &path, "").await;
            assert_eq!(gone.fault(), (404, "RESOURCE_NOT_FOUND"), "{method}");
        }
        let path = format!("/v1/updates/{other}");
        let discarded = place.send("DELETE", &path, "").await;
        assert_eq!(
            discarded.body["data"],
            json!({"did": "discarded", "number": other})
        );
        let list = place.send("GET", "/v1/updates", "").await;
        assert_eq!(list.data(), &json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_failed_of_a_project_are_handled_again_at_once() {
    on_both(async |place| {
        let (first, second) = (place.connect("1").await, place.connect("2").await);
        for id in 0..5 {
            place.failed(&first, id).await;
        }
        place.failed(&second, 0).await;
        let page = place
            .send("GET", "/v1/updates?project=prj_1&limit=3", "")
            .await;
        let cursor = page.body["next_cursor"].as_str().unwrap();
        assert_eq!(page.data().as_array().unwrap().len(), 3);
        let path = format!("/v1/updates?project=prj_1&limit=3&cursor={cursor}");
        let rest = place.send("GET", &path, "").await;
        assert_eq!(rest.data().as_array().unwrap().len(), 2);
        let replayed = place
            .send("POST", "/v1/updates/replay?project=prj_1", "")
            .await;
        assert_eq!(
            replayed.body["data"],
            json!({"did": "all_replayed", "updates": 5})
        );
        let left = place.send("GET", "/v1/updates", "").await;
        assert_eq!(left.data()[0]["project_id"], "prj_2");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_request_is_listed_shown_as_text_and_read_again() {
    on_both(async |place| {
        let owner = place.connect("1").await;
        for body in [&b"\xffno update"[..], br#"{"update_id":8,"poll":{}}"#] {
            let (now, body) = (place.clock.now(), Bytes::copy_from_slice(body));
            let kept = place.inbox.quarantine(owner.clone(), now, body, "not JSON");
            kept.await.unwrap();
        }
        let list = place.send("GET", "/v1/updates?state=unreadable", "").await;
        let numbers: Vec<&Value> = list
            .data()
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["number"])
            .collect();
        assert_eq!(list.data()[0]["reason"], "not JSON");
        let path = format!("/v1/updates/{}", numbers[0]);
        let shown = place.send("GET", &path, "").await;
        assert_eq!(shown.data()["content"], "\u{fffd}no update");
        let still = place.send("POST", &format!("{path}/replay"), "").await;
        assert_eq!(still.fault(), (409, "UPDATE_UNREADABLE"));
        let path = format!("/v1/updates/{}/replay", numbers[1]);
        let read = place.send("POST", &path, "").await;
        assert_eq!(
            read.body["data"],
            json!({"did": "read", "duplicate": false})
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_bot_keeps_its_updates_waiting() {
    on_both(async |place| {
        let owner = place.connect("1").await;
        let paused = place.send("POST", &format!("{}/pause", bot("1")), "").await;
        assert_eq!(
            (paused.status.as_u16(), &paused.data()["paused"]),
            (200, &json!(true))
        );
        place.receive(&owner, 5).await;
        let shown = place.send("GET", &bot("1"), "").await;
        assert_eq!(
            (&shown.data()["status"], &shown.data()["paused"]),
            (&json!("active"), &json!(true))
        );
        let waiting = place
            .send("GET", "/v1/updates?state=waiting&project=prj_1", "")
            .await;
        assert_eq!(waiting.data()[0]["update_id"], 5);
        let running = place
            .send("GET", "/v1/updates/running?project=prj_1", "")
            .await;
        assert_eq!(running.data()["paused"], true);
        let all = place.send("GET", "/v1/updates/running", "").await;
        assert_eq!(all.data()["bots"][0]["connection"], json!(owner));

        let before = place.inbox.figures().settled;
        let resumed = place
            .send("POST", &format!("{}/resume", bot("1")), "")
            .await;
        assert_eq!(
            (resumed.status.as_u16(), resumed.data().get("paused")),
            (200, None)
        );
        while place.inbox.figures().settled == before {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            place
                .send("POST", &format!("{}/pause", bot("9")), "")
                .await
                .status,
            404
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_sees_its_project_and_does_what_it_may() {
    on_both(async |place| {
        let (first, second) = (place.connect("1").await, place.connect("2").await);
        let (mine, other) = (
            place.failed(&first, 5).await,
            place.failed(&second, 6).await,
        );
        let project: ProjectId = "prj_1".parse().unwrap();
        let views = [Ability::ProjectView].into_iter().collect();
        let viewer = bearer(&place.mint(views, Some(project.clone())).await);
        let manager = bearer(&place.mint(Abilities::all(), Some(project)).await);
        let views = [Ability::ProjectView].into_iter().collect();
        let broad = bearer(&place.mint(views, None).await);
        let own = format!("/v1/updates/{mine}");
        let foreign = format!("/v1/updates/{other}");
        for (token, method, path, fault) in [
            (&viewer, "GET", own.as_str(), (403, "TOKEN_MISSING_ABILITY")),
            (&viewer, "DELETE", &own, (403, "TOKEN_MISSING_ABILITY")),
            (
                &viewer,
                "POST",
                "/v1/updates/replay",
                (403, "TOKEN_MISSING_ABILITY"),
            ),
            (&broad, "GET", "/v1/updates", (403, "TOKEN_MISSING_ABILITY")),
            (
                &broad,
                "GET",
                "/v1/updates/running",
                (403, "TOKEN_MISSING_ABILITY"),
            ),
            (&manager, "GET", &foreign, (404, "RESOURCE_NOT_FOUND")),
            (&manager, "DELETE", &foreign, (404, "RESOURCE_NOT_FOUND")),
            (
                &manager,
                "GET",
                "/v1/updates?project=prj_2",
                (404, "RESOURCE_NOT_FOUND"),
            ),
            (
                &manager,
                "GET",
                "/v1/updates?state=gone",
                (422, "VALIDATION_FAILED"),
            ),
        ] {
            let answer = place.send_as(&[token], method, path, "").await;
            assert_eq!(answer.fault(), fault, "{method} {path}");
        }
        for token in [&viewer, &manager] {
            let list = place.send_as(&[token], "GET", "/v1/updates", "").await;
            assert_eq!(list.data().as_array().unwrap().len(), 1);
            assert_eq!(list.data()[0]["number"], json!(mine));
        }
        let all = place
            .send_as(&[&manager], "POST", "/v1/updates/replay", "")
            .await;
        assert_eq!(all.data()["updates"], 1);
        let unnamed = place.send("GET", "/v1/updates?state=waiting", "").await;
        assert_eq!(unnamed.fault(), (422, "VALIDATION_FAILED"));
    })
    .await;
}

impl Place {
    /// Connects a bot to a project.
    async fn connect(&self, project: &str) -> ConnectionId {
        let (_, token) = self.control.new_bot("Shop", &format!("shop{project}_bot"));
        let answer = self.put(project, &token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.data()["bot"]["id"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    async fn receive(&self, owner: &ConnectionId, id: i64) {
        let body = json!({"update_id": id, "message": {
            "message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}, "text": SAID,
        }});
        let body = Bytes::from(body.to_string());
        let envelope = Envelope::read(&body).unwrap();
        let received = Received::new(owner.clone(), &envelope, self.clock.now(), body);
        self.inbox.receive(received).await.unwrap();
    }

    /// Has an update fail for good; answers its number.
    async fn failed(&self, owner: &ConnectionId, id: i64) -> i64 {
        self.send("POST", &self.path_of(owner, "pause").await, "")
            .await;
        self.receive(owner, id).await;
        let waiting = self.inbox.pending_list(owner, Seq::ZERO, 99).await.unwrap();
        let seq = waiting.last().unwrap().seq;
        self.inbox.journal().dead(seq, self.dead(owner));
        self.inbox.ready().await.unwrap();
        self.send("POST", &self.path_of(owner, "resume").await, "")
            .await;
        seq.value()
    }

    async fn path_of(&self, owner: &ConnectionId, what: &str) -> String {
        for project in ["1", "2"] {
            let shown = self.send("GET", &bot(project), "").await;
            if shown.data()["bot"]["id"] == owner.as_str() {
                return format!("{}/{what}", bot(project));
            }
        }
        unreachable!("no project has it")
    }

    fn dead(&self, owner: &ConnectionId) -> Dead {
        Dead {
            update: UpdateRef {
                connection: owner.clone(),
                update_id: telegram_bot_api::UpdateId(1),
            },
            took: std::time::Duration::from_millis(1),
            cause: DeadCause::Exhausted,
            reason: "the shop is closed".into(),
            progress: Progress::default(),
            attempts: 9,
            history: vec![Attempt {
                number: 9,
                failed_at_unix_ms: 5,
                progress: Progress::default(),
                reason: "no answer".into(),
            }],
            dead_at: self.clock.now(),
            sessions: Vec::new(),
        }
    }
}
