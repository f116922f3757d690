//! Who hears of events, and what became of deliveries.

use ids::EndpointId;
use platform_events::{BotEvent, NewEvent};
use serde_json::{Value, json};

use crate::support::{Answer, Place, on_both};

const ALL: &str = "/v1/webhook-endpoints";

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_made_shown_changed_and_deleted() {
    on_both(async |place| {
        let made = create(
            &place,
            &json!({"url": "https://Events.example.com/hear?k=1", "description": "the shop"}),
        )
        .await;
        assert_eq!(made.status, 201);
        let endpoint = made.data();
        assert_eq!(endpoint["url"], "https://events.example.com/hear?k=1");
        assert_eq!(
            (&endpoint["state"], &endpoint["events"]),
            (&json!("on"), &json!(["*"]))
        );
        let one = path(&made);

        let shown = place.send("GET", &one, "").await;
        let mut without = made.data().clone();
        let secret = without.as_object_mut().unwrap().remove("secret").unwrap();
        assert!(secret.as_str().unwrap().starts_with("whsec_"));
        assert_eq!(shown.data(), &without);

        place.hands.advance(std::time::Duration::from_secs(5));
        let change = json!({"events": ["project.bot.connected"], "description": ""}).to_string();
        let changed = place.send("PATCH", &one, &change).await;
        assert_eq!(changed.data()["events"], json!(["project.bot.connected"]));
        assert_eq!(
            (&changed.data()["url"], &changed.data()["description"]),
            (&without["url"], &json!(""))
        );
        assert_ne!(changed.data()["updated_at"], without["updated_at"]);

        for (what, state) in [("disable", "off"), ("disable", "off"), ("enable", "on")] {
            let switched = place.send("POST", &format!("{one}/{what}"), "").await;
            assert_eq!(switched.data()["state"], state);
        }
        let gone = place.send("DELETE", &one, "").await;
        assert_eq!(
            (gone.status.as_u16(), &gone.data()["deleted"]),
            (200, &json!(true))
        );
        for (method, what) in [
            ("GET", ""),
            ("PATCH", ""),
            ("DELETE", ""),
            ("GET", "/deliveries"),
            ("POST", "/enable"),
            ("POST", "/disable"),
            ("POST", "/rotate-secret"),
            ("POST", "/test"),
        ] {
            let answer = place.send(method, &format!("{one}{what}"), "{}").await;
            assert_eq!(
                answer.fault(),
                (404, "RESOURCE_NOT_FOUND"),
                "{method} {what}"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_in_the_answer_that_makes_it_and_in_no_other() {
    on_both(async |place| {
        let made = create(&place, &json!({"url": "https://events.example.com/"})).await;
        let rotated = place
            .send("POST", &format!("{}/rotate-secret", path(&made)), "")
            .await;
        assert!(rotated.data()["previous_secret_until"].is_string());
        let secrets =
            [&made, &rotated].map(|answer| answer.data()["secret"].as_str().unwrap().to_owned());
        assert_ne!(secrets[0], secrets[1]);
        for (method, what) in [
            ("GET", ""),
            ("PATCH", ""),
            ("POST", "/enable"),
            ("GET", "/deliveries"),
            ("POST", "/test"),
        ] {
            place
                .send(method, &format!("{}{what}", path(&made)), "{}")
                .await;
        }
        let list = place.send("GET", ALL, "").await;
        assert!(list.data()[0]["previous_secret_until"].is_string());
        for secret in &secrets {
            assert_eq!(place.said().matches(secret.as_str()).count(), 1);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_endpoint_is_refused_with_the_field_and_without_an_echo() {
    on_both(async |place| {
        let good = "https://events.example.com/";
        for (body, field) in [
            (json!({}), "url"),
            (json!({"url": 7}), "url"),
            (json!({"url": null}), "url"),
            (json!({"url": "events.example.com/secret"}), "url"),
            (json!({"url": "http://events.example.com/secret"}), "url"),
            (
                json!({"url": "https://user:secret@events.example.com/"}),
                "url",
            ),
            (json!({"url": "https://10.0.0.1/secret"}), "url"),
            (json!({"url": "https://localhost/secret"}), "url"),
            (json!({"url": "https://[::1]/secret"}), "url"),
            (
                json!({"url": good, "description": "x".repeat(201)}),
                "description",
            ),
            (
                json!({"url": good, "description": ["secret"]}),
                "description",
            ),
            (json!({"url": good, "events": []}), "events"),
            (json!({"url": good, "events": "*"}), "events"),
            (json!({"url": good, "events": ["secret"]}), "events"),
            (
                json!({"url": good, "events": ["*", "project.bot.connected"]}),
                "events",
            ),
            (json!({"url": good, "secret": "mine"}), "secret"),
        ] {
            let answer = create(&place, &body).await;
            assert_eq!(answer.fault(), (422, "VALIDATION_FAILED"), "{body}");
            let told = &answer.body["error"]["fields"][0];
            assert_eq!(told["field"], field, "{body}");
            assert!(!told["message"].to_string().contains("secret"), "{told}");
        }
        for body in [
            "",
            "[]",
            "null",
            r#"{"url":"https://a.example/","url":"https://b.example/"}"#,
        ] {
            let answer = place.send("POST", ALL, body).await;
            assert_eq!(answer.fault(), (422, "VALIDATION_FAILED"), "{body}");
        }
        let long = json!({"url": good, "description": "x".repeat(20_000)}).to_string();
        let answer = place.send("POST", ALL, &long).await;
        assert_eq!(answer.fault(), (413, "PAYLOAD_TOO_LARGE"));
        assert_eq!(place.send("GET", ALL, "").await.data(), &json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_are_listed_in_pages_and_are_not_too_many() {
    on_both(async |place| {
        for number in 0..16 {
            place.hands.advance(std::time::Duration::from_millis(5));
            let made = create(
                &place,
                &json!({"url": format!("https://e{number}.example.com/")}),
            )
            .await;
            assert_eq!(made.status, 201);
        }
        let more = create(&place, &json!({"url": "https://more.example.com/"})).await;
        assert_eq!(more.fault(), (409, "TOO_MANY_ENDPOINTS"));
        let (mut seen, mut query) = (Vec::new(), "?limit=7".to_owned());
        loop {
            let page = place.send("GET", &format!("{ALL}{query}"), "").await;
            let urls = page.data().as_array().unwrap().iter();
            seen.extend(urls.map(|one| one["url"].as_str().unwrap().to_owned()));
            match page.body["next_cursor"].as_str() {
                Some(next) => query = format!("?limit=7&cursor={next}"),
                None => break,
            }
        }
        let made: Vec<_> = (0..16)
            .map(|number| format!("https://e{number}.example.com/"))
            .collect();
        assert_eq!(seen, made);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_tells_what_is_wrong() {
    on_both(async |place| {
        let made = create(&place, &json!({"url": "https://events.example.com/"})).await;
        let trial = place
            .send("POST", &format!("{}/test", path(&made)), "")
            .await;
        assert_eq!(
            (trial.status.as_u16(), &trial.data()["delivered"]),
            (200, &json!(false))
        );
        let why = trial.data()["failure"].as_str().unwrap();
        assert!(why.contains("name"), "the name leads nowhere: {why}");
        assert_eq!(trial.data()["status"], Value::Null);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_paged_from_the_newest_and_dead_ones_replayed() {
    on_both(async |place| {
        let made = create(&place, &json!({"url": "https://events.example.com/"})).await;
        for _ in 0..5 {
            publish(&place).await;
        }
        let list = format!("{}/deliveries", path(&made));
        let first = place
            .send("GET", &format!("{list}?limit=2&state=waiting"), "")
            .await;
        publish(&place).await;
        let cursor = first.body["next_cursor"].as_str().unwrap();
        let second = place
            .send("GET", &format!("{list}?limit=3&cursor={cursor}"), "")
            .await;
        let numbers: Vec<i64> = [&first, &second]
            .iter()
            .flat_map(|page| page.data().as_array().unwrap().clone())
            .map(|one| one["number"].as_i64().unwrap())
            .collect();
        let newest = numbers[0];
        assert_eq!(numbers, (newest - 4..=newest).rev().collect::<Vec<_>>());
        assert_eq!(first.data()[0]["event"], "project.bot.disconnected");
        assert_eq!(first.data()[0]["project_id"], "prj_1");

        let replay = format!("/v1/event-deliveries/{newest}/replay");
        let waiting = place.send("POST", &replay, "").await;
        assert_eq!(waiting.fault(), (409, "DELIVERY_NOT_DEAD"));
        let die = format!(
            "UPDATE event_deliveries SET state = 'dead', attempts = 9 WHERE number = {newest}"
        );
        let mut link = place.database.connect().await.unwrap();
        link.run(diesel::sql_query(die)).await.unwrap();
        drop(link);
        let dead = place.send("GET", &format!("{list}?state=dead"), "").await;
        assert_eq!(dead.data().as_array().unwrap().len(), 1);
        let replayed = place.send("POST", &replay, "").await;
        assert_eq!(
            (&replayed.data()["state"], &replayed.data()["attempts"]),
            (&json!("waiting"), &json!(0))
        );
        let none = place
            .send("POST", "/v1/event-deliveries/999999/replay", "")
            .await;
        assert_eq!(none.fault(), (404, "RESOURCE_NOT_FOUND"));
        let state = place.send("GET", &format!("{list}?state=lost"), "").await;
        assert_eq!(state.body["error"]["fields"][0]["field"], "state");
    })
    .await;
}

async fn create(place: &Place, body: &Value) -> Answer {
    place.send("POST", ALL, &body.to_string()).await
}

fn path(made: &Answer) -> String {
    let id: EndpointId = made.data()["id"].as_str().unwrap().parse().unwrap();
    format!("{ALL}/{id}")
}

/// Has something happen that endpoints hear of.
async fn publish(place: &Place) {
    let event = NewEvent {
        project: "prj_1".parse().unwrap(),
        what: BotEvent::Disconnected {
            bot: ids::ConnectionId::from_parts(1, [1; 10]),
        },
    };
    let mut link = place.database.connect().await.unwrap();
    place.events.append(&mut link, &event).await.unwrap();
}
