//! A look at what a server shows, whatever that is worth.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use clock::Timestamp;
use outbound_http::{
    CertificateDer, CertificateReport, ChainFault, Failure, OutboundConfig, Step, TlsFault,
};
use rustls::ServerConfig;
use rustls::version::{TLS12, TLS13};
use tokio::net::TcpSocket;

use crate::harness::{Client, HOST, Server, names, patiently};
use crate::pki::{Authority, NOW, Shown};

/// Midnight at the beginning of 2024, 2025, 2027 and 2028.
const BEGIN_2024: i64 = 1_704_067_200;
const BEGIN_2025: i64 = 1_735_689_600;
const BEGIN_2027: i64 = 1_798_761_600;
const BEGIN_2028: i64 = 1_830_297_600;

fn trusting(roots: Vec<CertificateDer<'static>>) -> Client {
    Client::with(OutboundConfig {
        allow_private: true,
        roots,
        names: Arc::new(names(&[Ipv4Addr::LOCALHOST.into()])),
        ..OutboundConfig::default()
    })
}

async fn look(client: &Client, server: ServerConfig) -> CertificateReport {
    let server = Server::answering_by(Some(server), "").await;
    let look = client.outbound.certificate(HOST, server.address.port());
    let report = patiently(look).await.unwrap();
    assert!(server.requests().iter().all(String::is_empty));
    report
}

#[tokio::test]
async fn a_good_certificate_is_reported_whole() {
    let root = Authority::root("root");
    let middle = root.intermediate("middle");
    let client = trusting(vec![root.certificate()]);
    let names = [HOST, "*.hooks.example.com", "127.0.0.1", "2001:db8::1"];
    let report = look(&client, middle.issue(&names, NOW).with(&middle).server()).await;
    assert_eq!(
        report,
        CertificateReport {
            names: names.map(str::to_owned).to_vec(),
            not_before: Timestamp::from_unix_seconds(BEGIN_2025),
            not_after: Timestamp::from_unix_seconds(BEGIN_2027),
            chain: Ok(()),
        }
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_chain_is_reported_beside_what_it_says() {
    let (root, stranger) = (Authority::root("root"), Authority::root("stranger"));
    let middle = root.intermediate("middle");
    let client = trusting(vec![root.certificate()]);
    let other = "other.example.com";
    for (shown, chain, name, not_before, not_after) in [
        (
            root.issue(&[HOST], (2024, 2025)),
            ChainFault::Expired,
            HOST,
            BEGIN_2024,
            BEGIN_2025,
        ),
        (
            root.issue(&[HOST], (2027, 2028)),
            ChainFault::NotYetValid,
            HOST,
            BEGIN_2027,
            BEGIN_2028,
        ),
        (
            root.issue(&[other], NOW),
            ChainFault::WrongName,
            other,
            BEGIN_2025,
            BEGIN_2027,
        ),
        (
            Shown::self_signed(&[HOST], NOW),
            ChainFault::SelfSigned,
            HOST,
            BEGIN_2025,
            BEGIN_2027,
        ),
        (
            middle.issue(&[HOST], NOW),
            ChainFault::IntermediateMissing,
            HOST,
            BEGIN_2025,
            BEGIN_2027,
        ),
        (
            stranger.issue(&[HOST], NOW).with(&stranger),
            ChainFault::UnknownIssuer,
            HOST,
            BEGIN_2025,
            BEGIN_2027,
        ),
    ] {
        let report = look(&client, shown.server()).await;
        assert_eq!(report.chain, Err(chain));
        assert_eq!(report.names, [name]);
        assert_eq!(report.not_before, Timestamp::from_unix_seconds(not_before));
        assert_eq!(report.not_after, Timestamp::from_unix_seconds(not_after));
    }
}

#[tokio::test]
async fn a_self_signed_certificate_that_is_a_root_of_ours_is_good() {
    let shown = Shown::self_signed(&[HOST], NOW);
    let client = trusting(shown.chain.clone());
    assert_eq!(look(&client, shown.server()).await.chain, Ok(()));
}

#[tokio::test]
async fn either_version_of_tls_is_looked_at() {
    let root = Authority::root("root");
    let client = trusting(vec![root.certificate()]);
    for version in [&TLS12, &TLS13] {
        let server = root.issue(&[HOST], NOW).server_of(&[version]);
        assert_eq!(look(&client, server).await.chain, Ok(()));
    }
}

/// A certificate is public, so showing it proves nothing: the handshake is signed with its key, and that is verified also
/// when the certificate itself is not trusted.
#[tokio::test]
async fn a_certificate_shown_by_someone_without_its_key_is_no_handshake() {
    let root = Authority::root("root");
    let client = trusting(vec![root.certificate()]);
    for version in [&TLS12, &TLS13] {
        let theirs = root.issue(&[HOST], NOW);
        let thief = root.issue(&[HOST], NOW).showing(theirs.chain);
        let server = Server::answering_by(Some(thief.server_of(&[version])), "").await;
        let port = server.address.port();
        let failure = patiently(client.outbound.certificate(HOST, port)).await;
        let protocol = matches!(failure, Err(Failure::Tls(TlsFault::Protocol)));
        assert!(protocol, "{failure:?}");
        let failure = client.failure(&server.https()).await;
        let protocol = matches!(failure, Failure::Tls(TlsFault::Protocol));
        assert!(protocol, "{failure:?}");
    }
}

#[tokio::test]
async fn what_shows_no_certificate_is_a_failure() {
    let plain = Server::answering("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let port = plain.address.port();
    let client = Client::new();
    let nobody = patiently(client.outbound.certificate("nobody.example.com", port)).await;
    assert!(
        matches!(nobody, Err(Failure::NotResolved { .. })),
        "{nobody:?}"
    );
    // Bound, so that nobody else takes the port, and deaf.
    let deaf = TcpSocket::new_v4().unwrap();
    deaf.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let port = deaf.local_addr().unwrap().port();
    let refused = patiently(client.outbound.certificate(HOST, port)).await;
    assert!(
        matches!(refused, Err(Failure::Connect { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_look_ends_with_the_deadline() {
    let server = Server::start(None, |wire, requests| async move {
        requests.lock().unwrap().push(String::new());
        let _wire = wire;
        std::future::pending::<()>().await;
    })
    .await;
    let client = Client::new();
    let look = client.outbound.certificate(HOST, server.address.port());
    let turning = async {
        while server.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        client.hands.advance(Duration::from_secs(10));
    };
    let (failure, ()) = tokio::join!(patiently(look), turning);
    assert!(
        matches!(failure, Err(Failure::TimedOut(Step::Handshake))),
        "{failure:?}"
    );
}
