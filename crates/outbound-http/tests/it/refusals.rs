//! Whom nobody calls, and that nobody is called then.

use std::net::IpAddr;
use std::sync::Arc;

use outbound_http::{AddressKind, Failure, OutboundConfig, Refusal};

use crate::harness::{Client, HOST, Server, names, patiently, target};

fn strict(addresses: &[&str]) -> Client {
    let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
    Client::with(OutboundConfig {
        names: Arc::new(names(&addresses)),
        ..OutboundConfig::default()
    })
}

fn refusal(failure: &Failure) -> Refusal {
    match failure {
        Failure::Refused(refusal) => *refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_refused_unseen_is_told_beforehand_and_held_to() {
    use AddressKind::*;
    let server = Server::answering("").await;
    let port = server.address.port();
    let client = strict(&["127.0.0.1"]);
    for (scheme, host, why) in [
        ("http", HOST, Refusal::NotHttps),
        ("http", "127.0.0.1", Refusal::NotHttps),
        ("https", "localhost", Refusal::ThisMachine),
        ("https", "LocalHost", Refusal::ThisMachine),
        ("https", "hooks.localhost", Refusal::ThisMachine),
        ("https", "localhost.localdomain", Refusal::ThisMachine),
        ("https", "ip6-localhost", Refusal::ThisMachine),
        ("https", "127.0.0.1", Refusal::Address(Loopback)),
        ("https", "10.1.2.3", Refusal::Address(Private)),
        ("https", "169.254.169.254", Refusal::Address(LinkLocal)),
        ("https", "0.0.0.0", Refusal::Address(Unspecified)),
        ("https", "[::]", Refusal::Address(Unspecified)),
        ("https", "[::1]", Refusal::Address(Loopback)),
        ("https", "[::ffff:127.0.0.1]", Refusal::Address(Loopback)),
        ("https", "[64:ff9b::127.0.0.1]", Refusal::Address(Loopback)),
        ("https", "[2002:7f00:1::]", Refusal::Address(Loopback)),
        ("https", "[fd00::1]", Refusal::Address(UniqueLocal)),
        ("https", "[fe80::1]", Refusal::Address(LinkLocal)),
    ] {
        let target = target(scheme, host, port);
        assert_eq!(client.outbound.accepts(&target), Err(why), "{host}");
        assert_eq!(refusal(&client.failure(&target).await), why, "{host}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn public_targets_are_accepted_and_so_are_all_when_private_ones_are() {
    let strict = strict(&[]);
    let lax = Client::new();
    for host in [
        "example.com",
        "8.8.8.8",
        "[2606:4700:4700::1111]",
        "localhost.example.com",
    ] {
        assert_eq!(strict.outbound.accepts(&target("https", host, 443)), Ok(()));
    }
    for (scheme, host) in [
        ("http", "localhost"),
        ("https", "[::1]"),
        ("http", "10.0.0.1"),
    ] {
        assert_eq!(lax.outbound.accepts(&target(scheme, host, 443)), Ok(()));
    }
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_is_refused_also_when_others_are_public() {
    let server = Server::answering("").await;
    for (addresses, kind) in [
        (&["127.0.0.1"][..], AddressKind::Loopback),
        (&["8.8.8.8", "127.0.0.1"], AddressKind::Loopback),
        (&["127.0.0.1", "8.8.8.8"], AddressKind::Loopback),
        (
            &["8.8.8.8", "2606:4700:4700::1111", "::ffff:10.0.0.1"],
            AddressKind::Private,
        ),
        (&["169.254.169.254"], AddressKind::LinkLocal),
    ] {
        let client = strict(addresses);
        let target = server.https();
        assert_eq!(client.outbound.accepts(&target), Ok(()));
        let failure = client.failure(&target).await;
        assert_eq!(refusal(&failure), Refusal::Address(kind), "{addresses:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_look_at_a_certificate_is_refused_by_the_same_rules() {
    let server = Server::answering("").await;
    let client = strict(&["10.0.0.1"]);
    for (host, why) in [
        ("localhost", Refusal::ThisMachine),
        ("127.0.0.1", Refusal::Address(AddressKind::Loopback)),
        ("::1", Refusal::Address(AddressKind::Loopback)),
        ("[::1]", Refusal::Address(AddressKind::Loopback)),
        (HOST, Refusal::Address(AddressKind::Private)),
    ] {
        let look = client.outbound.certificate(host, server.address.port());
        assert_eq!(refusal(&patiently(look).await.unwrap_err()), why, "{host}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_refusal_says_in_a_sentence_what_to_mend() {
    for (refusal, sentence) in [
        (
            Refusal::Address(AddressKind::Private),
            "the host has an address of a private network: give a host all of whose addresses are public",
        ),
        (
            Refusal::NotHttps,
            "the address begins with http://: only https:// is called, so that nobody reads along",
        ),
    ] {
        assert_eq!(Failure::Refused(refusal).to_string(), sentence);
    }
}
