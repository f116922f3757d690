//! TLS: whom we trust, and what a handshake showed.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clock::Clock;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::chain::{CertificateReport, ChainFault};
use crate::error::{Error, Failure, TlsFault};
use crate::target::Host;

/// Whom we trust, and how we speak.
#[derive(Clone)]
pub(crate) struct Tls {
    config: ClientConfig,
    verifier: Arc<WebPkiServerVerifier>,
    roots: Arc<RootCertStore>,
}

impl Tls {
    pub(crate) fn new(extra: &[CertificateDer<'static>], clock: &Clock) -> Result<Self, Error> {
        let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        for (place, root) in extra.iter().enumerate() {
            let number = place + 1;
            let add = roots.add(root.clone());
            add.map_err(|source| Error::Root { number, source })?;
        }
        let roots = Arc::new(roots);
        // Our own choice of provider: a library must not depend on, or set, the process's default.
        let provider = Arc::new(ring::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider));
        let verifier = verifier.build().map_err(|error| Error::Tls(error.into()))?;
        let time = Arc::new(OurTime(clock.clone()));
        let config = ClientConfig::builder_with_details(provider, time)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Tls(error.into()))?;
        let mut config = config
            .with_webpki_verifier(Arc::clone(&verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed session shows no certificate, and there is none to resume: each exchange has its own connection.
        config.resumption = Resumption::disabled();
        Ok(Self {
            config,
            verifier,
            roots,
        })
    }

    /// A handshake that ends where the certificate is not trusted.
    pub(crate) async fn trusted(
        &self,
        stream: TcpStream,
        host: &Host,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        let witness = self.witness(true);
        let handshake = self.handshake(stream, host, Arc::clone(&witness)).await;
        handshake.map_err(|error| match witness.chain() {
            Some(Err(fault)) => Failure::Tls(TlsFault::Certificate(fault)),
            _ => Failure::Tls(fault_of(&error)),
        })
    }

    /// A handshake that only looks. Nothing may be sent over it, so the connection ends here.
    pub(crate) async fn look(
        &self,
        stream: TcpStream,
        host: &Host,
    ) -> Result<CertificateReport, Failure> {
        let witness = self.witness(false);
        let handshake = self.handshake(stream, host, Arc::clone(&witness)).await;
        if let Err(error) = handshake {
            return Err(Failure::Tls(fault_of(&error)));
        }
        let unfit = Failure::Tls(TlsFault::Certificate(ChainFault::Unfit));
        witness.report().ok_or(unfit)
    }

    async fn handshake(
        &self,
        stream: TcpStream,
        host: &Host,
        witness: Arc<Witness>,
    ) -> io::Result<TlsStream<TcpStream>> {
        let mut config = self.config.clone();
        config.dangerous().set_certificate_verifier(witness);
        let name = match host {
            Host::Address(address) => ServerName::from(*address),
            Host::Name(name) => ServerName::try_from(name.clone()).map_err(io::Error::other)?,
        };
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    }

    fn witness(&self, strict: bool) -> Arc<Witness> {
        Arc::new(Witness {
            verifier: Arc::clone(&self.verifier),
            roots: Arc::clone(&self.roots),
            strict,
            seen: Mutex::new(None),
        })
    }
}

/// Verifies what one server shows, as usual, and keeps it for who asks why.
struct Witness {
    verifier: Arc<WebPkiServerVerifier>,
    roots: Arc<RootCertStore>,
    /// Whether the handshake ends when the certificate is not trusted.
    strict: bool,
    seen: Mutex<Option<Seen>>,
}

struct Seen {
    leaf: CertificateDer<'static>,
    chain: Result<(), ChainFault>,
}

impl Witness {
    fn chain(&self) -> Option<Result<(), ChainFault>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.as_ref().map(|seen| seen.chain)
    }

    fn report(&self) -> Option<CertificateReport> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = seen.as_ref()?;
        CertificateReport::read(&seen.leaf, seen.chain)
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = self
            .verifier
            .verify_server_cert(leaf, sent, name, ocsp, now);
        let chain = match &verdict {
            Ok(_) => Ok(()),
            Err(rustls::Error::InvalidCertificate(error)) => {
                Err(ChainFault::of(error, leaf, sent, &self.roots))
            }
            Err(_) => Err(ChainFault::Unfit),
        };
        let leaf = leaf.clone().into_owned();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Seen { leaf, chain });
        if self.strict {
            return verdict;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier
            .verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier
            .verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}

/// Certificates run out by the clock that all else runs by.
struct OurTime(Clock);

impl TimeProvider for OurTime {
    fn current_time(&self) -> Option<UnixTime> {
        let since_1970 = Duration::from_millis(self.0.now().unix_ms());
        Some(UnixTime::since_unix_epoch(since_1970))
    }
}

impl fmt::Debug for OurTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn fault_of(error: &io::Error) -> TlsFault {
    let inner = error.get_ref();
    match inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidMessage(_)) => TlsFault::NotTls,
        Some(rustls::Error::PeerIncompatible(_)) => TlsFault::NothingInCommon,
        Some(rustls::Error::AlertReceived(alert)) => of_alert(*alert),
        Some(_) => TlsFault::Protocol,
        None => TlsFault::Cut,
    }
}

fn of_alert(alert: rustls::AlertDescription) -> TlsFault {
    use rustls::AlertDescription as Alert;
    match alert {
        Alert::ProtocolVersion | Alert::InsufficientSecurity | Alert::NoApplicationProtocol => {
            TlsFault::NothingInCommon
        }
        _ => TlsFault::RefusedByServer,
    }
}
