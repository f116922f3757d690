//! What is deleted, and when.

use std::time::Duration;

use platform_events::{DeliveryState, EndpointState, Expired};
use store::Database;

use crate::outbox::count;
use crate::place::{
    DAY, MICROSECOND, Place, Setup, connected, disconnected, on_both, on_both_with,
};
use crate::receiver::{How, Receiver};
use crate::schedule::dies;
use crate::waiting::happens;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_goes_after_7_days_and_its_event_with_it() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        place.connected("7Zq").await;
        place.tried(&endpoint.id, 1).await;
        place.turn(7 * DAY);
        assert_eq!(expired(&place).await, Expired::default());
        // Ids of events know milliseconds.
        place.turn(Duration::from_millis(1));
        let gone = Expired {
            delivered: 1,
            events: 1,
            ..Expired::default()
        };
        assert_eq!(expired(&place).await, gone);
        assert_eq!(rows(&place.database).await, (0, 0));
        assert_eq!(place.shown(&endpoint.id).await.id, endpoint.id);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_nobody_wanted_goes_after_7_days_and_others_stay() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(500)).await;
        place.publish(&[disconnected("7Zq")]).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        place.connected("7Zq").await;
        let dead = dies(&mut place, &endpoint.id).await;
        let settled = dead.settled_at.unwrap();
        // What took the retries their days is more than 4, and the other 3 pass.
        place.turn(4 * DAY);
        let gone = Expired {
            events: 1,
            ..Expired::default()
        };
        assert_eq!(expired(&place).await, gone);
        // A dead one can be replayed for 30 days.
        let end = settled + 30 * DAY;
        place.turn(end.since(place.clock.now()));
        assert_eq!(expired(&place).await, Expired::default());
        place.turn(MICROSECOND);
        let gone = Expired {
            dead: 1,
            events: 1,
            ..Expired::default()
        };
        assert_eq!(expired(&place).await, gone);
        assert_eq!(rows(&place.database).await, (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_an_endpoint_that_stays_off_is_given_up_after_30_days() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        let id = &endpoint.id;
        place.publish(&vec![connected("7Zq"); 20]).await;
        place.all_tried(id).await;
        happens(async || place.shown(id).await.state == EndpointState::Disabled).await;
        place.turn(30 * DAY);
        assert_eq!(expired(&place).await, Expired::default());
        place.turn(MICROSECOND);
        let given_up = Expired {
            given_up: 20,
            ..Expired::default()
        };
        assert_eq!(expired(&place).await, given_up);
        let deliveries = place.deliveries(id).await;
        for delivery in &deliveries {
            assert_eq!(delivery.state, DeliveryState::Dead);
            let why = "it waited too long for its endpoint to be turned on";
            assert_eq!(delivery.last_failure.as_deref(), Some(why));
            assert_eq!(delivery.settled_at, Some(place.clock.now()));
        }
        assert_eq!(place.events.figures().await.unwrap().dead, 20);
        // Turned on, the endpoint hears of none of them; a replay it hears of.
        receiver.now(How::Status(200));
        place.events.endpoint_enable(id).await.unwrap();
        place
            .events
            .delivery_replay(deliveries[7].number)
            .await
            .unwrap();
        let request = receiver.last_of(21).await;
        assert_eq!(request.header("mp-event-id"), deliveries[7].event.as_str());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_while_it_was_under_way_stays_given_up() {
    let mut setup = Setup::default();
    setup.config.keep_dead = Duration::from_secs(1);
    on_both_with(
        || setup.clone(),
        async |mut place| {
            let receiver = Receiver::start(How::Hold).await;
            let (endpoint, _) = place.endpoint(receiver.url()).await;
            place.connected("7Zq").await;
            receiver.got(1).await;
            place.events.endpoint_disable(&endpoint.id).await.unwrap();
            place.turn(Duration::from_secs(2));
            assert_eq!(expired(&place).await.given_up, 1);
            let dead = place.deliveries(&endpoint.id).await;
            receiver.release();
            // Its project's next event is sent when the first has ended.
            place.events.endpoint_enable(&endpoint.id).await.unwrap();
            receiver.now(How::Status(200));
            place.connected("7Zq").await;
            receiver.got(2).await;
            place.looked().await;
            let deliveries = place.deliveries(&endpoint.id).await;
            assert_eq!(deliveries[0], dead[0]);
            assert_eq!(deliveries[0].state, DeliveryState::Dead);
            assert_eq!(deliveries[1].state, DeliveryState::Delivered);
        },
    )
    .await;
}

/// More than are changed in one commit.
#[tokio::test(flavor = "multi_thread")]
async fn many_expire_as_few_do() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Hold).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        let (other, _) = place.endpoint(receiver.url()).await;
        for id in [&endpoint.id, &other.id] {
            place.events.endpoint_disable(id).await.unwrap();
        }
        place.events.endpoint_enable(&endpoint.id).await.unwrap();
        place.publish(&vec![connected("7Zq"); 1_001]).await;
        place.events.endpoint_disable(&endpoint.id).await.unwrap();
        place.turn(30 * DAY + MICROSECOND);
        let first = expired(&place).await;
        assert_eq!((first.given_up, first.dead), (1_001, 0));
        assert_eq!(rows(&place.database).await, (1_001, 1_001));
        place.turn(30 * DAY + MICROSECOND);
        let gone = Expired {
            dead: 1_001,
            events: 1_001,
            ..Expired::default()
        };
        assert_eq!(expired(&place).await, gone);
        assert_eq!(rows(&place.database).await, (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_endpoints_leave_nothing_behind() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        place.events.endpoint_rotate_secret(&endpoint.id).await.unwrap();
        place.connected("7Zq").await;
        place.tried(&endpoint.id, 1).await;
        place.events.endpoint_delete(&endpoint.id).await.unwrap();
        // Its address and its secrets are gone at once; its row stays for whoever writes to it at this moment.
        let bare = "event_endpoints WHERE url = '' AND description = '' AND length(secret) = 0 AND previous_secret IS NULL";
        assert_eq!(count(&place.database, bare).await, 1);
        // As a transaction would that had seen the endpoint on.
        let late = format!(
            "INSERT INTO event_deliveries (endpoint_id, event_id, project_id, state, attempts, not_before_us, created_at_us) \
             SELECT '{}', id, project_id, 'waiting', 0, 0, 0 FROM platform_events",
            endpoint.id
        );
        let mut link = place.database.connect().await.unwrap();
        link.run(diesel::sql_query(late)).await.unwrap();
        drop(link);
        place.turn(Duration::from_secs(3_600));
        assert_eq!(expired(&place).await, Expired::default());
        assert_eq!(rows(&place.database).await, (1, 0));
        assert_eq!(count(&place.database, "event_endpoints").await, 1);
        place.turn(MICROSECOND);
        expired(&place).await;
        assert_eq!(count(&place.database, "event_endpoints").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_signs_no_more_is_forgotten() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        place
            .events
            .endpoint_rotate_secret(&endpoint.id)
            .await
            .unwrap();
        let kept =
            "event_endpoints WHERE previous_secret IS NOT NULL AND previous_key_id IS NOT NULL";
        place.turn(DAY - MICROSECOND);
        expired(&place).await;
        assert_eq!(count(&place.database, kept).await, 1);
        place.turn(MICROSECOND);
        expired(&place).await;
        assert_eq!(count(&place.database, kept).await, 0);
        assert!(
            place
                .events
                .endpoint_test(&endpoint.id)
                .await
                .unwrap()
                .failure
                .is_none()
        );
    })
    .await;
}

async fn expired(place: &Place) -> Expired {
    place.events.expire().await.unwrap()
}

/// Events and deliveries.
async fn rows(database: &Database) -> (i64, i64) {
    (
        count(database, "platform_events").await,
        count(database, "event_deliveries").await,
    )
}
