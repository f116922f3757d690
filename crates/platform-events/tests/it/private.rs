//! Addresses of our own network are not called, whatever leads to them.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outbound_http::{AddressKind, FixedNames, OutboundConfig, Refusal, Resolve, Resolving, Target};
use platform_events::{EndpointChange, Error, EventTypes, NewEndpoint};

use crate::place::{Setup, on_both, on_both_with};
use crate::receiver::{HOST, How, Receiver, url};

/// As outside tests; `HOST` leads to these addresses.
fn strict(addresses: &[IpAddr]) -> Setup {
    let names = [(HOST.to_owned(), addresses.to_vec())];
    Setup {
        outbound: OutboundConfig {
            names: Arc::new(FixedNames::new(names)),
            ..OutboundConfig::default()
        },
        ..Setup::default()
    }
}

const THIS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_private_on_its_face_is_refused_when_it_is_given() {
    on_both_with(
        || strict(&[]),
        async |place| {
            let good: Target = "https://example.com/".parse().unwrap();
            let (endpoint, _) = place.endpoint(good.clone()).await;
            for (text, refusal) in [
                ("http://example.com/", Refusal::NotHttps),
                ("https://localhost/", Refusal::ThisMachine),
                (
                    "https://127.0.0.1/",
                    Refusal::Address(AddressKind::Loopback),
                ),
                ("https://[::1]/", Refusal::Address(AddressKind::Loopback)),
                (
                    "https://[::ffff:127.0.0.1]/",
                    Refusal::Address(AddressKind::Loopback),
                ),
                ("https://10.0.0.7/", Refusal::Address(AddressKind::Private)),
                (
                    "https://169.254.169.254/",
                    Refusal::Address(AddressKind::LinkLocal),
                ),
            ] {
                let url: Target = text.parse().unwrap();
                let new = NewEndpoint {
                    url: url.clone(),
                    description: String::new(),
                    types: EventTypes::All,
                };
                let refused = place.events.endpoint_create(&new).await;
                assert!(
                    matches!(refused, Err(Error::Refused(why)) if why == refusal),
                    "{text}"
                );
                let change = EndpointChange {
                    url: Some(url),
                    ..EndpointChange::default()
                };
                let refused = place.events.endpoint_update(&endpoint.id, &change).await;
                assert!(
                    matches!(refused, Err(Error::Refused(why)) if why == refusal),
                    "{text}"
                );
            }
            assert_eq!(place.shown(&endpoint.id).await.url, good);
            assert_eq!(place.events.endpoints(None, 100).await.unwrap().len(), 1);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_to_a_private_address_is_refused_at_each_attempt() {
    let public = IpAddr::from([1, 1, 1, 1]);
    // One among several is enough.
    for addresses in [vec![THIS], vec![public, THIS]] {
        on_both_with(
            || strict(&addresses),
            async |place| {
                let receiver = Receiver::start(How::Status(200)).await;
                let target = url("https", HOST, receiver.port());
                let (endpoint, _) = place.endpoint(target).await;
                place.connected("7Zq").await;
                let why = "the host has a loopback address: give a host all of whose addresses are public";
                for attempts in 1..3 {
                    let failed = place.tried(&endpoint.id, attempts).await;
                    assert_eq!(failed.last_failure.as_deref(), Some(why));
                    assert_eq!(failed.last_status, None);
                    let due = failed.next_attempt.unwrap();
                    place.turn(due.since(place.clock.now()));
                }
                place.tried(&endpoint.id, 3).await;
                let trial = place.events.endpoint_test(&endpoint.id).await.unwrap();
                assert_eq!(trial.failure.as_deref(), Some(why));
                assert_eq!(receiver.connections(), 0);
            },
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_allowed_once_is_refused_when_it_is_not_any_more() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        place.connected("7Zq").await;
        let failed = place.tried(&endpoint.id, 1).await;
        let due = failed.next_attempt.unwrap();
        place
            .begin(&Setup {
                seed: 8,
                ..strict(&[THIS])
            })
            .await;
        place.turn(due.since(place.clock.now()));
        let failed = place.tried(&endpoint.id, 2).await;
        let why = failed.last_failure.unwrap();
        assert!(why.starts_with("the address begins with http://"), "{why}");
        assert_eq!(receiver.connections(), 1);
    })
    .await;
}

/// Answers each look-up with the next of its addresses, and notes what it was asked.
#[derive(Default)]
struct Turning {
    answers: Mutex<VecDeque<Ipv4Addr>>,
    asked: Mutex<Vec<String>>,
}

impl Resolve for Turning {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        self.asked.lock().unwrap().push(host.to_owned());
        let next = self.answers.lock().unwrap().pop_front();
        let found = next.map(|address| vec![address.into()]);
        Box::pin(std::future::ready(
            found.ok_or_else(|| io::Error::other("it was asked once too often")),
        ))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_looked_up_once_for_an_attempt_and_anew_for_the_next() {
    let turning = Arc::new(Turning::default());
    let setup = || Setup {
        outbound: OutboundConfig {
            allow_private: true,
            names: turning.clone(),
            ..OutboundConfig::default()
        },
        ..Setup::default()
    };
    on_both_with(setup, async |place| {
        let other = Ipv4Addr::new(127, 0, 0, 2);
        let one = Receiver::start(How::Status(500)).await;
        let two = Receiver::start_at((other, one.port()), How::Status(200)).await;
        let answers = [Ipv4Addr::LOCALHOST, other];
        turning.answers.lock().unwrap().extend(answers);
        turning.asked.lock().unwrap().clear();
        let (endpoint, _) = place.endpoint(one.url()).await;
        assert_eq!(turning.asked.lock().unwrap().len(), 0);
        place.connected("7Zq").await;
        place.tried(&endpoint.id, 1).await;
        assert_eq!((one.connections(), two.connections()), (1, 0));
        place.turn(Duration::from_secs(11));
        let taken = place.tried(&endpoint.id, 2).await;
        assert_eq!(taken.last_status, Some(200));
        assert_eq!((one.connections(), two.connections()), (1, 1));
        assert_ne!(one.ip(), two.ip());
        let host = two.last_of(1).await;
        assert_eq!(host.header("host"), format!("{HOST}:{}", one.port()));
        assert_eq!(*turning.asked.lock().unwrap(), [HOST, HOST]);
    })
    .await;
}
