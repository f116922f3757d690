//! When a delivery is tried again, when it is given up, and how it is begun anew.

use std::time::Duration;

use ids::EndpointId;
use platform_events::{Delivery, DeliveryFilter, DeliveryState, Error};

use crate::openssl;
use crate::place::{DAY, MICROSECOND, Place, on_both};
use crate::receiver::{How, Receiver};
use crate::waiting::happens;

/// As published: 10 s, 30 s, 2 min, 10 min, 1 h, 6 h, 24 h, 72 h.
const PAUSES: [u64; 8] = [10, 30, 120, 600, 3_600, 21_600, 86_400, 259_200];

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_made_when_it_is_published_that_they_are_and_no_more_of_them() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(503)).await;
        let (endpoint, secret) = place.endpoint(receiver.url()).await;
        place.connected("7Zq").await;
        let mut attempts = 1;
        for seconds in PAUSES {
            let delivery = place.tried(&endpoint.id, attempts).await;
            assert_eq!(delivery.last_attempt_at, Some(place.clock.now()));
            let pause = delivery.next_attempt.unwrap().since(place.clock.now());
            let least = Duration::from_secs(seconds);
            assert!(least <= pause && pause <= least + least / 10, "{pause:?}");
            place.pass(pause - MICROSECOND).await;
            receiver.got(attempts as usize).await;
            // It wakes for that by itself.
            assert_eq!(place.wakes().await, MICROSECOND);
            attempts += 1;
            receiver.got(attempts as usize).await;
        }
        let dead = place.tried(&endpoint.id, 9).await;
        assert_eq!(dead.state, DeliveryState::Dead);
        assert_eq!(dead.next_attempt, None);
        assert_eq!(dead.settled_at, Some(place.clock.now()));
        assert_eq!(dead.last_status, Some(503));
        assert_eq!(
            dead.last_failure.as_deref(),
            Some("the endpoint answered 503")
        );
        place.pass(8 * DAY).await;
        let requests = receiver.got(9).await;
        for request in &requests {
            assert_eq!(request.body, requests[0].body);
            assert_eq!(request.header("mp-event-id"), dead.event.as_str());
            let expected = openssl::signature(request, secret.expose(), None).await;
            assert_eq!(request.header("mp-signature"), expected);
        }
        let figures = place.events.figures().await.unwrap();
        assert_eq!(
            (figures.failed_attempts, figures.dead, figures.waiting),
            (9, 1, 0)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_taken_in_the_end_is_over() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(429)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        place.connected("7Zq").await;
        let failed = place.tried(&endpoint.id, 1).await;
        assert_eq!(place.shown(&endpoint.id).await.failures_in_a_row, 1);
        receiver.now(How::Status(200));
        place.turn(failed.next_attempt.unwrap().since(place.clock.now()));
        let taken = place.tried(&endpoint.id, 2).await;
        assert_eq!(taken.state, DeliveryState::Delivered);
        assert_eq!((taken.last_status, taken.last_failure), (Some(200), None));
        assert_eq!((taken.last_answer, taken.next_attempt), (None, None));
        let shown = place.shown(&endpoint.id).await;
        assert_eq!(shown.failures_in_a_row, 0);
        assert_eq!(shown.delivered_at, Some(place.clock.now()));
        place.pass(4 * DAY).await;
        receiver.got(2).await;
    })
    .await;
}

/// What failed together comes back apart, and in the order in which its time comes.
#[tokio::test(flavor = "multi_thread")]
async fn what_failed_together_does_not_come_back_together() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        for name in ["a", "b", "c", "d", "e"] {
            place.connected(name).await;
        }
        let failed = place.all_tried(&endpoint.id).await;
        let mut times: Vec<_> = failed.iter().map(|one| one.next_attempt.unwrap()).collect();
        times.sort();
        times.dedup();
        assert_eq!(times.len(), 5);
        for (more, time) in (6..).zip(times) {
            place.turn(time.since(place.clock.now()));
            let request = receiver.last_of(more).await;
            let due = failed.iter().find(|one| one.next_attempt == Some(time));
            assert_eq!(request.header("mp-event-id"), due.unwrap().event.as_str());
            happens_again(&place, &endpoint.id, due.unwrap()).await;
        }
    })
    .await;
}

async fn happens_again(place: &Place, endpoint: &EndpointId, due: &Delivery) {
    happens(async || {
        let all = place.deliveries(endpoint).await;
        all.iter()
            .any(|one| one.number == due.number && one.attempts == 2)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_delivery_is_replayed_as_if_it_were_new() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, secret) = place.endpoint(receiver.url()).await;
        place.connected("7Zq").await;
        let dead = dies(&mut place, &endpoint.id).await;
        let first = receiver.got(9).await.remove(0);

        let again = place.events.delivery_replay(dead.number).await.unwrap();
        assert_eq!(again.state, DeliveryState::Waiting);
        assert_eq!((again.attempts, again.settled_at), (0, None));
        // What failed last can still be seen.
        assert_eq!(again.last_failure, dead.last_failure);
        let once_more = receiver.last_of(10).await;
        assert_eq!(once_more.body, first.body);
        let expected = openssl::signature(&once_more, secret.expose(), None).await;
        assert_eq!(once_more.header("mp-signature"), expected);
        let failed = place.tried(&endpoint.id, 1).await;
        let pause = failed.next_attempt.unwrap().since(place.clock.now());
        assert!(Duration::from_secs(10) <= pause && pause <= Duration::from_secs(11));
        let refused = place.events.delivery_replay(dead.number).await;
        assert!(matches!(refused, Err(Error::NotDead)));

        receiver.now(How::Status(200));
        place.turn(pause);
        place.tried(&endpoint.id, 2).await;
        let refused = place.events.delivery_replay(dead.number).await;
        assert!(matches!(refused, Err(Error::NotDead)));
        let nothing = "12345".parse().unwrap();
        let refused = place.events.delivery_replay(nothing).await;
        assert!(matches!(refused, Err(Error::NoSuchDelivery)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_listed_by_endpoint_and_state_in_pages() {
    on_both(async |mut place| {
        let (good, bad) = (
            Receiver::start(How::Status(200)).await,
            Receiver::start(How::Status(500)).await,
        );
        let (bad, _) = place.endpoint(bad.url()).await;
        let (good, _) = place.endpoint(good.url()).await;
        place.connected("a").await;
        dies(&mut place, &bad.id).await;
        place.connected("b").await;
        place.all_tried(&bad.id).await;
        place.all_tried(&good.id).await;
        let listed = async |endpoint: Option<&EndpointId>, state| {
            let filter = DeliveryFilter {
                endpoint: endpoint.cloned(),
                state,
            };
            let listed = place
                .events
                .deliveries_list(&filter, None, 100)
                .await
                .unwrap();
            let seen = listed
                .into_iter()
                .map(|one| (one.project.to_string(), one.state));
            seen.filter(|(project, _)| !project.ends_with("canary"))
                .collect::<Vec<_>>()
        };
        let seen = |project: &str, state| (format!("prj_{project}"), state);
        let (waiting, dead, taken) = (
            seen("b", DeliveryState::Waiting),
            seen("a", DeliveryState::Dead),
            [("b"), ("a")].map(|project| seen(project, DeliveryState::Delivered)),
        );
        assert_eq!(
            listed(Some(&bad.id), None).await,
            [waiting.clone(), dead.clone()]
        );
        assert_eq!(listed(Some(&good.id), None).await, taken);
        assert_eq!(listed(None, Some(DeliveryState::Dead)).await, [dead]);
        assert_eq!(listed(None, Some(DeliveryState::Waiting)).await, [waiting]);
        assert_eq!(listed(Some(&good.id), Some(DeliveryState::Dead)).await, []);
        assert_eq!(
            listed(Some(&good.id), Some(DeliveryState::Delivered)).await,
            taken
        );
        assert_eq!(listed(None, None).await.len(), 4);

        let (mut before, mut numbers) = (None, Vec::new());
        loop {
            let all = DeliveryFilter::default();
            let page = place.events.deliveries_list(&all, before, 3).await.unwrap();
            assert!(page.len() <= 3);
            numbers.extend(page.iter().map(|one| one.number));
            before = page.last().map(|one| one.number);
            if page.len() < 3 {
                break;
            }
        }
        let all = DeliveryFilter::default();
        let all = place.events.deliveries_list(&all, None, 100).await.unwrap();
        let all: Vec<_> = all.iter().map(|one| one.number).collect();
        assert_eq!(numbers, all);
        assert!(numbers.is_sorted_by(|one, next| one > next));
    })
    .await;
}

/// Has the one delivery to an endpoint fail until it is given up.
pub(crate) async fn dies(place: &mut Place, endpoint: &EndpointId) -> Delivery {
    for attempts in 1..9 {
        let delivery = place.tried(endpoint, attempts).await;
        let next = delivery.next_attempt.unwrap();
        place.turn(next.since(place.clock.now()));
    }
    let dead = place.tried(endpoint, 9).await;
    assert_eq!(dead.state, DeliveryState::Dead);
    dead
}
