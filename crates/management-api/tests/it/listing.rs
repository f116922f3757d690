//! All bots, a page at a time.

use std::time::Duration;

use management_api::{Abilities, Ability};
use serde_json::{Value, json};

use crate::support::{Answer, Place, bearer, bot, on_both};

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_while_bots_arrive() {
    on_both(async |place| {
        for number in 1..=5 {
            connect(&place, number).await;
        }
        let first = place.send("GET", "/v1/bots?limit=2", "").await;
        assert_eq!(projects(&first.body), ["prj_1", "prj_2"]);
        let one = &first.data()[0];
        assert_eq!(one["bot"]["url"], "https://t.me/shop1_bot");
        assert_eq!(
            (&one["status"], &one["connected"]),
            (&json!("active"), &json!(true))
        );
        assert_eq!(one["health"]["status"], "unknown");
        connect(&place, 6).await;
        place.send("DELETE", &bot("1"), "").await;
        let mut cursor = first.body["next_cursor"].as_str().unwrap().to_owned();
        let mut rest = Vec::new();
        loop {
            let page = place
                .send("GET", &format!("/v1/bots?limit=2&cursor={cursor}"), "")
                .await;
            rest.extend(projects(&page.body));
            match page.body["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(rest, ["prj_3", "prj_4", "prj_5", "prj_6"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bots_are_found_by_status_and_by_how_they_stand() {
    on_both(async |place| {
        for number in 1..=4 {
            connect(&place, number).await;
        }
        place.send("DELETE", &bot("4"), "").await;
        let lost = connect(&place, 5).await;
        place.rival(lost);
        for project in ["1", "2", "3", "4", "5"] {
            let answer = place
                .send("POST", &format!("{}/diagnosis", bot(project)), "")
                .await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        let all_told = |answer: &Answer| projects(&answer.body).len() == 3;
        place.watch_until("/v1/bots?health=healthy", all_told).await;
        for (query, found) in [
            ("health=healthy", &["prj_1", "prj_2", "prj_3"][..]),
            ("health=degraded", &["prj_5"]),
            ("health=webhook_taken_over", &["prj_5"]),
            ("health=webhook_removed", &[]),
            ("health=disconnected", &["prj_4"]),
            ("status=disconnected", &["prj_4"]),
            ("status=active", &["prj_1", "prj_2", "prj_3", "prj_5"]),
            ("status=connecting", &[]),
            ("health=healthy&status=active", &["prj_1", "prj_2", "prj_3"]),
            ("health=healthy&status=disconnected", &[]),
        ] {
            let page = place.send("GET", &format!("/v1/bots?{query}"), "").await;
            assert_eq!(page.status, 200, "{query} {page:?}");
            assert_eq!(projects(&page.body), found, "{query}");
        }
        let degraded = place.send("GET", "/v1/bots?health=degraded", "").await;
        let health = &degraded.data()[0]["health"];
        assert_eq!(
            (&health["status"], &health["code"]),
            (&json!("degraded"), &json!("webhook_taken_over"))
        );
        let first = place
            .send("GET", "/v1/bots?health=healthy&limit=1", "")
            .await;
        let cursor = first.body["next_cursor"].as_str().unwrap();
        let second = format!("/v1/bots?health=healthy&limit=1&cursor={cursor}");
        assert_eq!(
            projects(&place.send("GET", &second, "").await.body),
            ["prj_2"]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused_with_the_field() {
    on_both(async |place| {
        for (query, field) in [
            ("health=sick", "health"),
            ("health=", "health"),
            ("status=gone", "status"),
            ("cursor=7", "cursor"),
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("project=prj_1", "query"),
            ("limit=1&limit=1", "query"),
        ] {
            let answer = place.send("GET", &format!("/v1/bots?{query}"), "").await;
            assert_eq!(answer.fault(), (422, "VALIDATION_FAILED"), "{query}");
            assert_eq!(answer.body["error"]["fields"][0]["field"], field, "{query}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_one_project_lists_its_bot_alone() {
    on_both(async |place| {
        connect(&place, 1).await;
        connect(&place, 2).await;
        let own = Some("prj_2".parse().unwrap());
        let token = bearer(&place.mint(Abilities::all(), own.clone()).await);
        let page = place.send_as(&[&token], "GET", "/v1/bots", "").await;
        assert_eq!(projects(&page.body), ["prj_2"]);
        let none = place
            .send_as(&[&token], "GET", "/v1/bots?status=disconnected", "")
            .await;
        assert_eq!(none.data(), &json!([]));
        let view = [Ability::ProjectView].into_iter().collect();
        let token = bearer(&place.mint(view, own).await);
        let answer = place.send_as(&[&token], "GET", "/v1/bots", "").await;
        assert_eq!(answer.fault(), (403, "TOKEN_MISSING_ABILITY"));
    })
    .await;
}

fn projects(page: &Value) -> Vec<String> {
    let bots = page["data"].as_array().unwrap().iter();
    bots.map(|one| one["project_id"].as_str().unwrap().to_owned())
        .collect()
}

/// Connects a bot later than those before it, so that it is listed after them.
async fn connect(place: &Place, number: u32) -> telegram_simulator::BotId {
    place.hands.advance(Duration::from_millis(5));
    let (id, token) = place.control.new_bot("Shop", &format!("shop{number}_bot"));
    let answer = place.put(&number.to_string(), &token).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    id
}
