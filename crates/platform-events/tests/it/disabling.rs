//! Endpoints that are on, off, or disabled because they failed.

use std::time::Duration;

use ids::EndpointId;
use platform_events::{DeliveryState, EndpointState};

use crate::outbox::count;
use crate::place::{DAY, Place, connected, on_both, on_both_idle};
use crate::receiver::{How, Receiver, Request};
use crate::waiting::happens;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_failures_in_a_row_disable_and_nineteen_do_not() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        let id = &endpoint.id;
        fails(&place, id, 19).await;
        let shown = place.shown(id).await;
        assert_eq!(
            (shown.state, shown.failures_in_a_row),
            (EndpointState::On, 19)
        );
        let failure = Some((place.clock.now(), "the endpoint answered 500".to_owned()));
        assert_eq!(shown.last_failure, failure);

        // One that is taken, and the row is over.
        receiver.now(How::Status(200));
        place.connected("taken").await;
        place.all_tried(id).await;
        assert_eq!(place.shown(id).await.failures_in_a_row, 0);
        receiver.now(How::Status(500));
        fails(&place, id, 19).await;
        assert_eq!(place.shown(id).await.state, EndpointState::On);
        fails(&place, id, 1).await;
        let shown = place.shown(id).await;
        assert_eq!(
            (shown.state, shown.failures_in_a_row),
            (EndpointState::Disabled, 20)
        );
        assert_eq!(shown.state_since, place.clock.now());
        assert_eq!(
            shown.disabled_why.as_deref(),
            Some("20 deliveries in a row failed")
        );
        let figures = place.events.figures().await.unwrap();
        assert_eq!((figures.endpoints_disabled, figures.waiting), (1, 39));

        // Others go on, and this one hears nothing.
        place.pass(4 * DAY).await;
        receiver.got(40).await;
        assert_eq!(place.shown(id).await.state, EndpointState::Disabled);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_at_one_delivery_count_as_those_at_many() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        fails(&place, &endpoint.id, 10).await;
        // All ten are tried again; the last has failed at the latest 11 s after.
        place.pass(Duration::from_secs(11)).await;
        happens(async || place.shown(&endpoint.id).await.state == EndpointState::Disabled).await;
        receiver.got(20).await;
        assert_eq!(place.shown(&endpoint.id).await.failures_in_a_row, 20);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_disabled_endpoint_is_sent_in_order_once_it_is_on() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        let id = &endpoint.id;
        fails(&place, id, 20).await;
        // What happens meanwhile waits for it too.
        place.connected("7Zq").await;
        let waiting = place.deliveries(id).await;
        assert_eq!(waiting.len(), 21);
        place.pass(DAY).await;
        assert_eq!(place.deliveries(id).await, waiting);
        receiver.got(20).await;
        receiver.now(How::Status(200));
        place.pass(DAY).await;
        receiver.got(20).await;

        let shown = place.events.endpoint_enable(id).await.unwrap();
        assert_eq!(
            (shown.state, shown.failures_in_a_row),
            (EndpointState::On, 0)
        );
        assert_eq!(
            (shown.disabled_why, shown.state_since),
            (None, place.clock.now())
        );
        let requests = receiver.got(41).await;
        let order: Vec<_> = waiting.iter().map(|one| one.event.as_str()).collect();
        let (other, order) = order.split_last().unwrap();
        let mut came = ids(&requests[20..]);
        // Of another project, it waits for none of these.
        came.retain(|id| id != other);
        assert_eq!(came, order);
        happens(async || {
            let mut all = place.deliveries(id).await.into_iter();
            all.all(|one| one.state == DeliveryState::Delivered && one.attempts <= 2)
        })
        .await;
        assert_eq!(place.events.figures().await.unwrap().endpoints_disabled, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_still_fails_is_disabled_after_twenty_more() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        fails(&place, &endpoint.id, 20).await;
        place.events.endpoint_enable(&endpoint.id).await.unwrap();
        // All twenty that wait are tried at once.
        receiver.got(40).await;
        happens(async || place.shown(&endpoint.id).await.state == EndpointState::Disabled).await;
        assert_eq!(place.shown(&endpoint.id).await.failures_in_a_row, 20);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_off_is_not_called_and_loses_nothing_that_waits() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        let id = &endpoint.id;
        place.connected("7Zq").await;
        place.tried(id, 1).await;
        let shown = place.events.endpoint_disable(id).await.unwrap();
        assert_eq!(
            (shown.state, shown.disabled_why),
            (EndpointState::Off, None)
        );
        receiver.now(How::Status(200));
        place.connected("7Zq").await;
        place.pass(DAY).await;
        receiver.got(1).await;
        place.tried(id, 1).await;

        place.events.endpoint_enable(id).await.unwrap();
        receiver.got(2).await;
        let taken = place.tried(id, 2).await;
        assert_eq!(taken.state, DeliveryState::Delivered);
        // Turning on what is on changes nothing.
        place.pass(DAY).await;
        let before = place.shown(id).await;
        assert_eq!(place.events.endpoint_enable(id).await.unwrap(), before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_when_an_endpoint_is_turned_off_ends_as_it_ends() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Hold).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        place.publish(&[connected("7Zq"), connected("7Zq")]).await;
        receiver.got(1).await;
        place.events.endpoint_disable(&endpoint.id).await.unwrap();
        receiver.release();
        happens(async || place.deliveries(&endpoint.id).await[0].settled_at.is_some()).await;
        place.looked().await;
        receiver.got(1).await;
        let states = place.deliveries(&endpoint.id).await;
        let states: Vec<_> = states.iter().map(|one| one.state).collect();
        assert_eq!(states, [DeliveryState::Delivered, DeliveryState::Waiting]);
    })
    .await;
}

/// More than are changed in one commit.
#[tokio::test(flavor = "multi_thread")]
async fn however_many_wait_all_are_tried_at_once() {
    on_both_idle(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        let (other, _) = place.endpoint(receiver.url()).await;
        place.publish(&vec![connected("7Zq"); 1_001]).await;
        let later = (place.clock.now() + DAY).unix_us();
        let query = format!("UPDATE event_deliveries SET not_before_us = {later}");
        let mut link = place.database.connect().await.unwrap();
        link.run(diesel::sql_query(query)).await.unwrap();
        drop(link);
        place.events.endpoint_disable(&endpoint.id).await.unwrap();
        place.events.endpoint_enable(&endpoint.id).await.unwrap();
        let due = "event_deliveries WHERE not_before_us = 0 AND endpoint_id";
        let of = |id: &EndpointId| format!("{due} = '{id}'");
        assert_eq!(count(&place.database, &of(&endpoint.id)).await, 1_001);
        assert_eq!(count(&place.database, &of(&other.id)).await, 0);
    })
    .await;
}

/// Events of one project, which are therefore sent one after the other, each failing once.
async fn fails(place: &Place, endpoint: &EndpointId, count: usize) {
    place.publish(&vec![connected("fails"); count]).await;
    place.all_tried(endpoint).await;
}

fn ids(requests: &[Request]) -> Vec<&str> {
    let id = |request| Request::header(request, "mp-event-id");
    requests.iter().map(id).collect()
}
