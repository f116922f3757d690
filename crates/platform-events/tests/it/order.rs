//! Who waits for whom: events of one project for each other, endpoints for nobody.

use platform_events::{Config, DeliveryState, NewEvent};

use crate::place::{Setup, connected, on_both, on_both_with, project};
use crate::receiver::{How, Receiver};
use crate::waiting::happens;

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_project_come_one_after_the_other_in_their_order() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Hold).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        place.publish(&vec![connected("7Zq"); 4]).await;
        place.publish(&vec![connected("7Zq"); 4]).await;
        let deliveries = place.deliveries(&endpoint.id).await;
        let order: Vec<_> = deliveries.iter().map(|one| one.event.to_string()).collect();
        for count in 1..=8 {
            receiver.got(count).await;
            place.looked().await;
            // The next one is not sent before this one is answered.
            receiver.got(count).await;
            receiver.release();
        }
        let requests = receiver.got(8).await;
        let came = requests
            .iter()
            .map(|one| one.header("mp-event-id").to_owned());
        assert_eq!(came.collect::<Vec<_>>(), order);
        place.all_tried(&endpoint.id).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_projects_come_beside_each_other_up_to_the_limit() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Hold).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        let names = ["a", "b", "c", "d", "e", "f"];
        place.publish(&names.map(connected)).await;
        receiver.got(4).await;
        place.looked().await;
        receiver.got(4).await;
        receiver.release();
        receiver.got(5).await;
        place.looked().await;
        receiver.got(5).await;
        happens(async || {
            receiver.release();
            let mut all = place.deliveries(&endpoint.id).await.into_iter();
            all.all(|one| one.state == DeliveryState::Delivered)
        })
        .await;
        receiver.got(6).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_with_much_to_tell_holds_up_no_other() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Hold).await;
        place.endpoint(receiver.url()).await;
        place.publish(&vec![connected("much"); 6]).await;
        place.publish(&["b", "c", "d"].map(connected)).await;
        let requests = receiver.got(4).await;
        place.looked().await;
        let of = |name: &str| {
            let name = format!("prj_{name}");
            let texts = requests
                .iter()
                .map(|one| String::from_utf8_lossy(&one.body));
            texts.filter(|text| text.contains(&name)).count()
        };
        assert_eq!(["much", "b", "c", "d"].map(of), [1; 4]);
        receiver.release();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_failed_lets_the_next_of_its_project_pass() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        place.connected("7Zq").await;
        let failed = place.tried(&endpoint.id, 1).await;
        receiver.now(How::Status(200));
        place.connected("7Zq").await;
        receiver.got(2).await;
        happens(async || place.deliveries(&endpoint.id).await[1].settled_at.is_some()).await;
        place.turn(failed.next_attempt.unwrap().since(place.clock.now()));
        let requests = receiver.got(3).await;
        assert_eq!(requests[2].body, requests[0].body);
        assert_ne!(requests[1].body, requests[0].body);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_hangs_takes_no_other_s_place() {
    // As few places as there are endpoints, and as many as there are by default.
    for (at_once, held) in [(3, 1), (32, 4)] {
        let setup = || Setup {
            config: Config {
                at_once,
                ..Config::default()
            },
            ..Setup::default()
        };
        on_both_with(setup, async |mut place| {
            // With the one that looks, there are three.
            place.looked().await;
            let (slow, quick) = (
                Receiver::start(How::Hang(Vec::new())).await,
                Receiver::start(How::Status(200)).await,
            );
            place.endpoint(slow.url()).await;
            let (quick_one, _) = place.endpoint(quick.url()).await;
            let events: Vec<NewEvent> = (0..20).map(|n| connected(&format!("p{n}"))).collect();
            place.publish(&events).await;
            quick.got(20).await;
            happens(async || {
                let mut all = place.deliveries(&quick_one.id).await.into_iter();
                all.all(|one| one.state == DeliveryState::Delivered)
            })
            .await;
            slow.got(held).await;
            // All of that took no time, and goes on.
            place.connected("later").await;
            let request = quick.last_of(21).await;
            assert_eq!(request.json()["project_id"], project("later").as_str());
            place.looked().await;
            slow.got(held).await;
        })
        .await;
    }
}
