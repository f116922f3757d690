//! Whom a POST trusts.

use std::net::Ipv4Addr;
use std::sync::Arc;

use outbound_http::{
    CertificateDer, ChainFault, Error, Failure, OutboundConfig, OutboundHttp, Step, TlsFault,
};
use rustls::ServerConfig;
use rustls::crypto::ring;

use crate::harness::{Client, HOST, Server, names, target};
use crate::pki::{Authority, NOW, Shown};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn trusting(roots: Vec<CertificateDer<'static>>) -> Client {
    Client::with(OutboundConfig {
        allow_private: true,
        roots,
        names: Arc::new(names(&[Ipv4Addr::LOCALHOST.into()])),
        ..OutboundConfig::default()
    })
}

async fn fault(client: &Client, server: ServerConfig) -> TlsFault {
    let server = Server::answering_by(Some(server), OK).await;
    let failure = client.failure(&server.https()).await;
    assert_eq!(server.requests().len(), 0);
    match failure {
        Failure::Tls(fault) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_is_trusted_through_a_root_and_an_intermediate() {
    let root = Authority::root("root");
    let middle = root.intermediate("middle");
    let client = trusting(vec![root.certificate()]);
    for shown in [
        root.issue(&[HOST], NOW),
        root.issue(&["*.example.com"], NOW),
        middle.issue(&[HOST], NOW).with(&middle),
    ] {
        let server = Server::answering_by(Some(shown.server()), OK).await;
        assert_eq!(client.post(&server.https()).await.unwrap().body, "ok");
        // The same again: nothing of the first connection is kept.
        assert_eq!(client.post(&server.https()).await.unwrap().body, "ok");
        assert_eq!(server.connections(), 2);
    }
}

#[tokio::test]
async fn an_address_is_trusted_by_a_certificate_for_it() {
    let root = Authority::root("root");
    let client = trusting(vec![root.certificate()]);
    let shown = root.issue(&["127.0.0.1"], NOW);
    let server = Server::answering_by(Some(shown.server()), OK).await;
    let at = target("https", "127.0.0.1", server.address.port());
    assert_eq!(client.post(&at).await.unwrap().body, "ok");
}

#[tokio::test]
async fn a_certificate_that_is_not_good_is_named_as_what_it_is() {
    let (root, stranger) = (Authority::root("root"), Authority::root("stranger"));
    let middle = root.intermediate("middle");
    let client = trusting(vec![root.certificate()]);
    for (shown, why) in [
        (root.issue(&[HOST], (2024, 2025)), ChainFault::Expired),
        (root.issue(&[HOST], (2027, 2028)), ChainFault::NotYetValid),
        (
            root.issue(&["other.example.com"], NOW),
            ChainFault::WrongName,
        ),
        (root.issue(&["127.0.0.1"], NOW), ChainFault::WrongName),
        (Shown::self_signed(&[HOST], NOW), ChainFault::SelfSigned),
        (middle.issue(&[HOST], NOW), ChainFault::IntermediateMissing),
        (
            stranger.issue(&[HOST], NOW),
            ChainFault::IntermediateMissing,
        ),
        (
            stranger.issue(&[HOST], NOW).with(&stranger),
            ChainFault::UnknownIssuer,
        ),
        // A root of the same name that is another.
        (
            Authority::root("root").issue(&[HOST], NOW),
            ChainFault::UnknownIssuer,
        ),
    ] {
        assert_eq!(
            fault(&client, shown.server()).await,
            TlsFault::Certificate(why)
        );
    }
}

#[tokio::test]
async fn without_additional_roots_nobody_here_is_trusted() {
    let root = Authority::root("root");
    let shown = root.issue(&[HOST], NOW).with(&root);
    let fault = fault(&Client::new(), shown.server()).await;
    assert_eq!(fault, TlsFault::Certificate(ChainFault::UnknownIssuer));
}

#[tokio::test]
async fn a_certificate_runs_out_by_our_clock() {
    let root = Authority::root("root");
    let client = trusting(vec![root.certificate()]);
    let server = Server::answering_by(Some(root.issue(&[HOST], NOW).server()), OK).await;
    assert!(client.post(&server.https()).await.is_ok());
    client
        .hands
        .advance(std::time::Duration::from_secs(366 * 86_400));
    let failure = client.failure(&server.https()).await;
    let expired = TlsFault::Certificate(ChainFault::Expired);
    assert!(
        matches!(failure, Failure::Tls(fault) if fault == expired),
        "{failure:?}"
    );
}

#[tokio::test]
async fn what_speaks_no_tls_is_said_to_speak_none() {
    let server = Server::start(None, |mut wire, _| async move {
        use tokio::io::AsyncWriteExt as _;
        let _ = wire.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = wire.shutdown().await;
    })
    .await;
    let failure = Client::new().failure(&server.https()).await;
    assert!(
        matches!(failure, Failure::Tls(TlsFault::NotTls)),
        "{failure:?}"
    );
    let server = Server::start(None, |wire, _| async move { drop(wire) }).await;
    let failure = Client::new().failure(&server.https()).await;
    assert!(
        matches!(failure, Failure::Tls(TlsFault::Cut)),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_server_that_will_not_speak_as_we_do_is_told_apart() {
    let root = Authority::root("root");
    let client = trusting(vec![root.certificate()]);
    let mut other_protocol = root.issue(&[HOST], NOW).server();
    other_protocol.alpn_protocols = vec![b"h2".to_vec()];
    assert_eq!(
        fault(&client, other_protocol).await,
        TlsFault::NothingInCommon
    );
    // One that has no certificate for anybody.
    let provider = Arc::new(ring::default_provider());
    let nobody = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::server::ResolvesServerCertUsingSni::new()));
    assert_eq!(fault(&client, nobody).await, TlsFault::RefusedByServer);
}

#[tokio::test]
async fn a_handshake_that_hangs_ends_with_the_deadline() {
    let server = Server::start(None, |wire, requests| async move {
        requests.lock().unwrap().push(String::new());
        let _wire = wire;
        std::future::pending::<()>().await;
    })
    .await;
    let client = Client::new();
    let target = server.https();
    let turning = async {
        while server.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        client.hands.advance(std::time::Duration::from_secs(10));
    };
    let (failure, ()) = tokio::join!(client.failure(&target), turning);
    assert!(
        matches!(failure, Failure::TimedOut(Step::Handshake)),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_body_that_ends_without_tls_farewell_is_an_answer_that_may_go_on() {
    let root = Authority::root("root");
    let client = trusting(vec![root.certificate()]);
    for (answer, whole) in [
        ("HTTP/1.1 200 OK\r\n\r\nhello", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true),
    ] {
        let tls = root.issue(&[HOST], NOW).server();
        let server = Server::start(Some(tls), move |mut wire, _| async move {
            use tokio::io::AsyncWriteExt as _;
            crate::harness::read_request(&mut wire).await;
            wire.write_all(answer.as_bytes()).await.unwrap();
            wire.flush().await.unwrap();
            // Dropped, so the connection closes, and TLS says nothing.
        })
        .await;
        let answer = client.post(&server.https()).await.unwrap();
        assert_eq!(answer.body, "hello");
        assert_eq!(answer.truncated, !whole);
    }
}

#[test]
fn a_root_that_is_no_certificate_is_counted() {
    let roots = vec![
        Authority::root("root").certificate(),
        CertificateDer::from(b"nonsense".to_vec()),
    ];
    let config = OutboundConfig {
        roots,
        ..OutboundConfig::default()
    };
    let error = OutboundHttp::new(config, clock::Clock::manual().0).err();
    assert!(
        matches!(error, Some(Error::Root { number: 2, .. })),
        "{error:?}"
    );
}
