//! Trying an endpoint out.

use std::time::Duration;

use clock::Clock;
use platform_events::{Error, Trial};

use crate::openssl;
use crate::outbox::count;
use crate::place::{on_both, on_both_idle};
use crate::receiver::{How, Receiver};
use crate::waiting::happens;

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_is_an_event_of_no_bot_signed_as_any() {
    // Nobody needs to deliver for it.
    on_both_idle(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (endpoint, old) = place.endpoint(receiver.url()).await;
        let rotated = place.events.endpoint_rotate_secret(&endpoint.id);
        let new = rotated.await.unwrap().secret;
        // It need not be on.
        place.events.endpoint_disable(&endpoint.id).await.unwrap();
        let before = place.shown(&endpoint.id).await;
        let trial = place.events.endpoint_test(&endpoint.id).await.unwrap();
        let well = Trial {
            status: Some(200),
            took_ms: 0,
            failure: None,
            answer: None,
        };
        assert_eq!(trial, well);
        let request = receiver.last_of(1).await;
        let (event, id) = (request.header("mp-event-id"), &endpoint.id);
        assert!(event.starts_with("evt_"));
        assert_eq!(request.header("mp-event-name"), "endpoint.test");
        assert_eq!(
            request.text(),
            format!(
                r#"{{"id":"{event}","type":"endpoint.test","created_at":"2026-01-01T00:00:00.000Z","api_version":"2026-05-01","project_id":"prj_00000000000000000000000000","data":{{"endpoint_id":"{id}"}}}}"#
            )
        );
        let expected = openssl::signature(&request, new.expose(), Some(old.expose())).await;
        assert_eq!(request.header("mp-signature"), expected);
        // It leaves nothing behind.
        assert_eq!(place.shown(id).await, before);
        assert_eq!(count(&place.database, "platform_events").await, 0);
        assert_eq!(count(&place.database, "event_deliveries").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_that_fails_says_why_and_counts_for_nothing() {
    on_both(async |mut place| {
        let no = "HTTP/1.1 401 No\r\ncontent-length: 9\r\n\r\nwho\r\nare ";
        let receiver = Receiver::start(How::Bytes(no.into())).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        let before = place.shown(&endpoint.id).await;
        for _ in 0..21 {
            let trial = place.events.endpoint_test(&endpoint.id).await.unwrap();
            let failed = Trial {
                status: Some(401),
                took_ms: 0,
                failure: Some("the endpoint answered 401".into()),
                answer: Some("who are".into()),
            };
            assert_eq!(trial, failed);
        }
        assert_eq!(place.shown(&endpoint.id).await, before);
        assert_eq!(place.events.figures().await.unwrap(), Default::default());
        // Nor is it tried again.
        place.pass(Duration::from_secs(11)).await;
        receiver.got(21).await;
        place.events.endpoint_delete(&endpoint.id).await.unwrap();
        let refused = place.events.endpoint_test(&endpoint.id).await;
        assert!(matches!(refused, Err(Error::NoSuchEndpoint)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_is_timed_and_has_ten_seconds() {
    on_both_idle(async |place| {
        let receiver = Receiver::start(How::Hold).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        let trial = || {
            let (events, id) = (place.events.clone(), endpoint.id.clone());
            tokio::spawn(async move { events.endpoint_test(&id).await.unwrap() })
        };
        let slow = trial();
        receiver.got(1).await;
        place.turn(Duration::from_millis(9_999));
        receiver.release();
        let slow = slow.await.unwrap();
        assert_eq!((slow.status, slow.took_ms), (Some(200), 9_999));
        let late = trial();
        receiver.got(2).await;
        place.turn(Duration::from_secs(10));
        let late = late.await.unwrap();
        assert_eq!((late.status, late.took_ms), (None, 10_000));
        let why = "the time was up before an answer began";
        assert_eq!(late.failure.as_deref(), Some(why));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_trials_are_made_at_once_and_the_others_wait_for_them() {
    on_both_idle(async |place| {
        let receiver = Receiver::start(How::Hold).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        let trials: Vec<_> = (0..6)
            .map(|_| {
                let (events, id) = (place.events.clone(), endpoint.id.clone());
                tokio::spawn(async move { events.endpoint_test(&id).await.unwrap() })
            })
            .collect();
        receiver.got(4).await;
        stays(&receiver, 4).await;
        receiver.release();
        receiver.got(5).await;
        stays(&receiver, 5).await;
        happens(async || {
            receiver.release();
            trials.iter().all(|trial| trial.is_finished())
        })
        .await;
        receiver.got(6).await;
        for trial in trials {
            assert_eq!(trial.await.unwrap().status, Some(200));
        }
    })
    .await;
}

/// A moment in which one more would have come.
async fn stays(receiver: &Receiver, count: usize) {
    for _ in 0..25 {
        Clock::system().sleep(Duration::from_millis(4)).await;
        receiver.got(count).await;
    }
}
