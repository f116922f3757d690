//! A new secret: for 24 hours the one before signs beside it.

use std::time::Duration;

use platform_events::{Error, SigningSecret};

use crate::openssl;
use crate::place::{DAY, MICROSECOND, Place, on_both};
use crate::receiver::{How, Receiver, Request};
use crate::waiting::happens;

#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_sign_for_24_hours_and_the_new_one_alone_after() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (endpoint, old) = place.endpoint(receiver.url()).await;
        is_signed(&next(&place, &receiver).await, &old, None).await;

        place.turn(Duration::from_secs(3_600));
        let began = place.clock.now();
        let rotated = place.events.endpoint_rotate_secret(&endpoint.id);
        let rotated = rotated.await.unwrap();
        let new = &rotated.secret;
        assert_ne!(new.expose(), old.expose());
        assert_eq!(rotated.previous_until, began + DAY);
        let shown = place.shown(&endpoint.id).await;
        assert_eq!(shown.previous_secret_until, Some(began + DAY));
        assert_eq!(shown.updated_at, began);
        is_signed(&next(&place, &receiver).await, new, Some(&old)).await;

        place.turn(DAY - MICROSECOND);
        is_signed(&next(&place, &receiver).await, new, Some(&old)).await;
        place.turn(MICROSECOND);
        is_signed(&next(&place, &receiver).await, new, None).await;
        assert_eq!(place.shown(&endpoint.id).await.previous_secret_until, None);
        // Nor does it once it is forgotten.
        place.events.expire().await.unwrap();
        is_signed(&next(&place, &receiver).await, new, None).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_rotation_ends_the_first() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (endpoint, first) = place.endpoint(receiver.url()).await;
        let rotate = async || {
            let rotated = place.events.endpoint_rotate_secret(&endpoint.id);
            rotated.await.unwrap().secret
        };
        let second = rotate().await;
        place.turn(DAY / 2);
        let third = rotate().await;
        let request = next(&place, &receiver).await;
        is_signed(&request, &third, Some(&second)).await;
        let by_first = openssl::signature(&request, first.expose(), None).await;
        let (_, by_first) = by_first.split_once("v1=").unwrap();
        assert!(!request.header("mp-signature").contains(by_first));
        // The 24 hours are those of the last rotation.
        place.turn(DAY - MICROSECOND);
        is_signed(&next(&place, &receiver).await, &third, Some(&second)).await;
        place.turn(MICROSECOND);
        is_signed(&next(&place, &receiver).await, &third, None).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_signed_with_the_secrets_of_the_attempt() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, old) = place.endpoint(receiver.url()).await;
        let request = next(&place, &receiver).await;
        is_signed(&request, &old, None).await;
        let failed = place.tried(&endpoint.id, 1).await;
        let rotated = place.events.endpoint_rotate_secret(&endpoint.id);
        let new = rotated.await.unwrap().secret;
        let due = failed.next_attempt.unwrap();
        place.turn(due.since(place.clock.now()));
        is_signed(&receiver.last_of(2).await, &new, Some(&old)).await;
        place.tried(&endpoint.id, 2).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_secret_for_an_endpoint_that_is_not_there() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        place.events.endpoint_delete(&endpoint.id).await.unwrap();
        let refused = place.events.endpoint_rotate_secret(&endpoint.id).await;
        assert!(matches!(refused, Err(Error::NoSuchEndpoint)));
    })
    .await;
}

/// The next event, published now.
async fn next(place: &Place, receiver: &Receiver) -> Request {
    let before = receiver.requests().len();
    place.connected("7Zq").await;
    let request = receiver.last_of(before + 1).await;
    // Until that is written, the clock must stand still.
    let over = async || {
        let figures = place.events.figures().await.unwrap();
        figures.delivered + figures.failed_attempts == receiver.requests().len() as u64
    };
    happens(over).await;
    request
}

async fn is_signed(request: &Request, current: &SigningSecret, previous: Option<&SigningSecret>) {
    let previous = previous.map(SigningSecret::expose);
    let expected = openssl::signature(request, current.expose(), previous).await;
    assert_eq!(request.header("mp-signature"), expected);
}
