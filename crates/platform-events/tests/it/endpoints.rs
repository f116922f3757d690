//! What owners do with endpoints.

use std::collections::BTreeSet;
use std::time::Duration;

use ids::EndpointId;
use platform_events::{
    DeliveryState, EndpointChange, EndpointState, Error, EventType, EventTypes, NewEndpoint,
};

use crate::outbox::count;
use crate::place::{Place, connected, disconnected, on_both, on_both_idle};
use crate::receiver::{How, Receiver};
use crate::waiting::happens;

fn new(description: String) -> NewEndpoint {
    NewEndpoint {
        url: "https://example.com/in".parse().unwrap(),
        description,
        types: EventTypes::All,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_shown_as_it_was_made_and_as_it_was_changed() {
    on_both_idle(async |place| {
        let (made, _) = place
            .events
            .endpoint_create(&new("billing".into()))
            .await
            .unwrap();
        let began = place.clock.now();
        assert_eq!(made.url.to_string(), "https://example.com/in");
        assert_eq!(
            (made.description.as_str(), &made.types),
            ("billing", &EventTypes::All)
        );
        assert_eq!((made.state, made.state_since), (EndpointState::On, began));
        assert_eq!((made.created_at, made.updated_at), (began, began));
        assert_eq!((made.failures_in_a_row, &made.last_failure), (0, &None));
        assert_eq!(
            (made.delivered_at, made.previous_secret_until),
            (None, None)
        );
        assert_eq!(
            place.events.endpoint(&made.id).await.unwrap().as_ref(),
            Some(&made)
        );

        place.turn(Duration::from_secs(5));
        let types = EventTypes::Only([EventType::BotConnected].into());
        let change = EndpointChange {
            url: Some("https://example.org/".parse().unwrap()),
            description: None,
            types: Some(types.clone()),
        };
        let changed = place
            .events
            .endpoint_update(&made.id, &change)
            .await
            .unwrap();
        let mut expected = made.clone();
        expected.url = "https://example.org/".parse().unwrap();
        expected.types = types;
        expected.updated_at = place.clock.now();
        assert_eq!(changed, expected);
        let change = EndpointChange {
            description: Some("shop".into()),
            ..EndpointChange::default()
        };
        let changed = place
            .events
            .endpoint_update(&made.id, &change)
            .await
            .unwrap();
        expected.description = "shop".into();
        assert_eq!(changed, expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_at_most_16_endpoints_with_200_characters_each() {
    on_both_idle(async |place| {
        let (first, _) = place
            .events
            .endpoint_create(&new("ö".repeat(200)))
            .await
            .unwrap();
        for bad in [
            "ö".repeat(201),
            "a\0b".into(),
            "a\nb".into(),
            "\x1b[31m".into(),
        ] {
            let refused = place.events.endpoint_create(&new(bad.clone())).await;
            assert!(matches!(refused, Err(Error::LongDescription)), "{bad:?}");
            let change = EndpointChange {
                description: Some(bad.clone()),
                ..EndpointChange::default()
            };
            let refused = place.events.endpoint_update(&first.id, &change).await;
            assert!(matches!(refused, Err(Error::LongDescription)), "{bad:?}");
        }
        assert_eq!(place.shown(&first.id).await, first);
        // At once, so that a limit that is looked at and not held shows.
        let many: Vec<_> = (0..20)
            .map(|_| {
                let events = place.events.clone();
                tokio::spawn(async move { events.endpoint_create(&new(String::new())).await })
            })
            .collect();
        let mut refused = 0;
        for one in many {
            match one.await.unwrap() {
                Ok(_) => {}
                Err(Error::TooManyEndpoints) => refused += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(refused, 5);
        assert_eq!(pages(&place, 5).await.len(), 16);
        // One that is deleted makes room at once.
        place.events.endpoint_delete(&first.id).await.unwrap();
        place
            .events
            .endpoint_create(&new(String::new()))
            .await
            .unwrap();
    })
    .await;
}

/// The ids of all endpoints, read in pages.
async fn pages(place: &Place, limit: u32) -> Vec<EndpointId> {
    let mut all: Vec<EndpointId> = Vec::new();
    loop {
        let page = place.events.endpoints(all.last(), limit).await.unwrap();
        assert!(page.len() <= limit as usize);
        let last = page.len() < limit as usize;
        all.extend(page.into_iter().map(|endpoint| endpoint.id));
        if last {
            assert!(all.is_sorted_by(|one, next| one < next));
            return all;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_goes_to_the_new_address_and_new_types_are_for_what_is_new() {
    on_both(async |mut place| {
        let (old, new) = (
            Receiver::start(How::Status(500)).await,
            Receiver::start(How::Status(200)).await,
        );
        let (endpoint, _) = place.endpoint(old.url()).await;
        place.connected("7Zq").await;
        let failed = place.tried(&endpoint.id, 1).await;
        let change = EndpointChange {
            url: Some(new.url()),
            types: Some(EventTypes::Only(BTreeSet::new())),
            ..EndpointChange::default()
        };
        place
            .events
            .endpoint_update(&endpoint.id, &change)
            .await
            .unwrap();
        place.connected("7Zq").await;
        let due = failed.next_attempt.unwrap();
        place.turn(due.since(place.clock.now()));
        let request = new.last_of(1).await;
        assert_eq!(request.header("mp-event-id"), failed.event.as_str());
        let taken = place.tried(&endpoint.id, 2).await;
        assert_eq!(taken.state, DeliveryState::Delivered);
        place.looked().await;
        old.got(1).await;
        new.got(1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_endpoint_is_gone_with_all_that_waits_for_it() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Hold).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        let id = &endpoint.id;
        place.publish(&vec![connected("7Zq"); 3]).await;
        receiver.got(1).await;
        place.events.endpoint_delete(id).await.unwrap();
        assert_eq!(place.events.endpoint(id).await.unwrap(), None);
        assert_eq!(place.deliveries(id).await, []);
        // What is under way ends, and is written nowhere.
        receiver.release();
        place.connected("7Zq").await;
        place.looked().await;
        receiver.got(1).await;
        assert_eq!(place.deliveries(id).await, []);
        let figures = place.events.figures().await.unwrap();
        assert_eq!((figures.waiting, figures.delivered), (0, 2));

        let change = EndpointChange::default();
        let refused = place.events.endpoint_update(id, &change).await;
        assert!(matches!(refused, Err(Error::NoSuchEndpoint)));
        let refused = place.events.endpoint_enable(id).await;
        assert!(matches!(refused, Err(Error::NoSuchEndpoint)));
        let refused = place.events.endpoint_disable(id).await;
        assert!(matches!(refused, Err(Error::NoSuchEndpoint)));
        let refused = place.events.endpoint_delete(id).await;
        assert!(matches!(refused, Err(Error::NoSuchEndpoint)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_nobody_wants_is_kept_and_delivered_to_nobody() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        place.publish(&[connected("early")]).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        place.publish(&[disconnected("7Zq")]).await;
        place.connected("late").await;
        let request = receiver.last_of(1).await;
        assert_eq!(request.json()["project_id"], "prj_late");
        happens(async || place.deliveries(&endpoint.id).await[0].settled_at.is_some()).await;
        assert_eq!(count(&place.database, "platform_events").await, 3);
        assert_eq!(count(&place.database, "event_deliveries").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_record_is_told_and_does_not_hide_the_others() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (bad, _) = place.endpoint(receiver.url()).await;
        place.turn(Duration::from_secs(1));
        let (good, _) = place.endpoint(receiver.url()).await;
        let query = format!(
            "UPDATE event_endpoints SET url = '?' WHERE id = '{}'",
            bad.id
        );
        let mut link = place.database.connect().await.unwrap();
        link.run(diesel::sql_query(query)).await.unwrap();
        drop(link);
        let found = place.events.endpoint(&bad.id).await;
        let told = found.unwrap_err().to_string();
        assert_eq!(
            told,
            format!(
                "the record of {} is damaged: its url cannot be read",
                bad.id
            )
        );
        assert_eq!(pages(&place, 100).await, [good.id]);
        // To it, each attempt is a failure; the other is served.
        place.connected("7Zq").await;
        receiver.got(1).await;
        let failed = place.tried(&bad.id, 1).await;
        let why = "the stored address cannot be read: give the endpoint its address anew";
        assert_eq!(failed.last_failure.as_deref(), Some(why));
        let change = EndpointChange {
            url: Some(receiver.url()),
            ..EndpointChange::default()
        };
        place
            .events
            .endpoint_update(&bad.id, &change)
            .await
            .unwrap();
        place.turn(Duration::from_secs(11));
        place.tried(&bad.id, 2).await;
        receiver.got(2).await;
    })
    .await;
}
