//! What is published, byte for byte, and how it is signed.

use std::time::Duration;

use platform_events::{BotEvent, BotStatus, EventType, EventTypes, NewEvent};

use crate::openssl;
use crate::place::{bot, connected, disconnected, on_both, project};
use crate::receiver::{HOST, How, Receiver};

#[tokio::test(flavor = "multi_thread")]
async fn events_come_as_they_are_published_and_signed_as_openssl_signs() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(204)).await;
        let all = EventTypes::All;
        let (endpoint, secret) = place.endpoint_of(receiver.url(), all).await;
        // 2026-03-04T05:06:07.089Z
        place.turn(Duration::from_micros(5_375_167_089_654));
        let now = place.clock.now();
        let status = |status, reason: Option<&'static str>| NewEvent {
            project: project("7Zq"),
            what: BotEvent::StatusChanged {
                bot: bot(),
                status,
                reason: reason.map(Into::into),
            },
        };
        let refused = Some("telegram_api_unauthorized");
        place
            .publish(&[
                connected("7Zq"),
                status(BotStatus::Degraded, refused),
                // What was wrong is not what is.
                status(BotStatus::Healthy, refused),
                status(BotStatus::Degraded, None),
                disconnected("7Zq"),
            ])
            .await;
        let requests = receiver.got(5).await;
        let expected = [
            (
                "project.bot.connected",
                r#","bot_name":"helper_bot","bot_url":"https://t.me/helper_bot""#,
            ),
            (
                "project.bot.status_changed",
                r#","status":"degraded","reason":"telegram_api_unauthorized""#,
            ),
            ("project.bot.status_changed", r#","status":"healthy""#),
            ("project.bot.status_changed", r#","status":"degraded""#),
            ("project.bot.disconnected", ""),
        ];
        let deliveries = place.all_tried(&endpoint.id).await;
        for (place, (kind, data)) in expected.iter().enumerate() {
            let (request, delivery) = (&requests[place], &deliveries[place]);
            let (id, bot) = (&delivery.event, bot());
            assert_eq!(
                request.text(),
                format!(
                    r#"{{"id":"{id}","type":"{kind}","created_at":"2026-03-04T05:06:07.089Z","api_version":"2026-05-01","project_id":"prj_7Zq","data":{{"project_id":"prj_7Zq","bot_id":"{bot}"{data}}}}}"#
                )
            );
            assert!(id.as_str().starts_with("evt_") && id.as_str().len() == 30);
            assert!(bot.as_str().starts_with("bot_"));
            assert_eq!(request.head.lines().next(), Some("POST /in?key=owners-secret HTTP/1.1"));
            assert_eq!(request.header("mp-event-id"), id.as_str());
            assert_eq!(request.header("mp-event-name"), *kind);
            assert_eq!(request.header("content-type"), "application/json");
            assert_eq!(request.header("host"), format!("{HOST}:{}", receiver.port()));
            assert_eq!(request.signed_at(), now.unix_seconds());
            assert_eq!(
                request.header("mp-signature"),
                openssl::signature(request, secret.expose(), None).await
            );
            assert_eq!(delivery.event_type, *kind);
            assert_eq!((delivery.attempts, delivery.last_status), (1, Some(204)));
            assert_eq!(delivery.settled_at, Some(now));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_of_the_attempt_and_not_of_the_event() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, secret) = place.endpoint(receiver.url()).await;
        place.connected("7Zq").await;
        let first = receiver.last_of(1).await;
        let failed = place.tried(&endpoint.id, 1).await;
        let next = failed.next_attempt.unwrap();
        place.turn(next.since(place.clock.now()));
        let second = receiver.last_of(2).await;
        // What is retried is younger than the 300 s after which consumers refuse it.
        assert_eq!(second.signed_at(), next.unix_seconds());
        assert_ne!(first.header("mp-signature"), second.header("mp-signature"));
        assert_eq!(first.body, second.body);
        let expected = openssl::signature(&second, secret.expose(), None).await;
        assert_eq!(second.header("mp-signature"), expected);
        place.tried(&endpoint.id, 2).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_json_must_escape_are_signed_as_they_are_sent() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (_, secret) = place.endpoint(receiver.url()).await;
        let mut event = connected("7Zq");
        event.what = BotEvent::Connected {
            bot: bot(),
            name: "quote\" back\\ line\n öß 🤖 \0".into(),
            url: "https://t.me/x".into(),
        };
        place.publish(&[event]).await;
        let request = receiver.last_of(1).await;
        let name = r#""bot_name":"quote\" back\\ line\n öß 🤖 \u0000""#;
        assert!(request.text().contains(name), "{}", request.text());
        let expected = openssl::signature(&request, secret.expose(), None).await;
        assert_eq!(request.header("mp-signature"), expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_hears_of_what_it_asked_for_and_secrets_are_each_its_own() {
    on_both(async |mut place| {
        let (one, two) = (
            Receiver::start(How::Status(200)).await,
            Receiver::start(How::Status(200)).await,
        );
        let types = EventTypes::Only([EventType::BotStatusChanged].into());
        place.endpoint_of(one.url(), types).await;
        let (_, secret) = place.endpoint_of(two.url(), EventTypes::All).await;
        let (_, other) = place.endpoint(one.url()).await;
        assert_ne!(secret.expose(), other.expose());
        assert!(secret.expose().starts_with("whsec_") && secret.expose().len() == 49);
        place.connected("7Zq").await;
        let to_two = two.last_of(1).await;
        let to_other = one.last_of(1).await;
        // The same event with the same id; each endpoint's own signature.
        assert_eq!(to_two.body, to_other.body);
        for (request, secret) in [(&to_two, &secret), (&to_other, &other)] {
            let expected = openssl::signature(request, secret.expose(), None).await;
            assert_eq!(request.header("mp-signature"), expected);
        }
        place.looked().await;
        // What that publishes is of a type that only the second of them wants.
        two.got(3).await;
        one.got(1).await;
    })
    .await;
}
