//! The front door.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use clock::Clock;
use http::HeaderMap;

use crate::chain::CertificateReport;
use crate::config::OutboundConfig;
use crate::connect::connect;
use crate::deadline::Deadline;
use crate::error::{Error, Failure, Step};
use crate::exchange::{Answer, exchange, request};
use crate::refusal::{Refusal, check_host};
use crate::target::{Host, Target};
use crate::tls::Tls;

/// Calls other people's addresses. Cheap to clone.
#[derive(Clone)]
pub struct OutboundHttp(Arc<Inner>);

struct Inner {
    config: OutboundConfig,
    clock: Clock,
    tls: Tls,
}

impl OutboundHttp {
    /// Sets TLS up; nothing is sent yet.
    ///
    /// # Errors
    /// [`Error`] when one of the additional roots is no certificate, or TLS cannot be set up.
    pub fn new(config: OutboundConfig, clock: Clock) -> Result<Self, Error> {
        let tls = Tls::new(&config.roots, &clock)?;
        Ok(Self(Arc::new(Inner { config, clock, tls })))
    }

    /// Whether a target would be called, as far as that can be said without looking its name up: for telling who enters
    /// it. [`post`](Self::post) checks again, and what the name leads to.
    ///
    /// # Errors
    /// [`Refusal`]: why not.
    pub fn accepts(&self, target: &Target) -> Result<(), Refusal> {
        if self.0.config.allow_private {
            return Ok(());
        }
        if !target.is_https() {
            return Err(Refusal::NotHttps);
        }
        check_host(target.place())
    }

    /// Sends one `POST` and reads what is answered, whatever its status. Nothing is repeated, followed or added but the
    /// headers `Host`, `Content-Length` and `Connection`.
    ///
    /// # Errors
    /// [`Failure`] when there is no answer. The request may have arrived nevertheless, unless it was refused, not
    /// resolved, not connected, or TLS failed.
    pub async fn post(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        self.accepts(target).map_err(Failure::Refused)?;
        let config = &self.0.config;
        let deadline = Deadline::new(&self.0.clock, config.deadline);
        // A new connection each time: one that is kept would outlive the check of its address, and be shared by people
        // who have nothing to do with each other; endpoints are called too seldom for a handshake to matter.
        let (host, port) = (target.place(), target.port());
        let names = config.names.as_ref();
        let stream = connect(host, port, names, config.allow_private, &deadline).await?;
        let request = request(target, headers, body);
        if !target.is_https() {
            return exchange(stream, request, config.answer_bytes, &deadline).await;
        }
        let handshake = self.0.tls.trusted(stream, host);
        let stream = deadline.run(Step::Handshake, handshake).await??;
        exchange(stream, request, config.answer_bytes, &deadline).await
    }

    /// Looks at the certificate that a server shows for a name. Nothing but a TLS handshake is made, and it is made
    /// whatever the certificate is worth.
    ///
    /// # Errors
    /// [`Failure`] when no handshake was possible, by the same rules as [`post`](Self::post).
    pub async fn certificate(&self, host: &str, port: u16) -> Result<CertificateReport, Failure> {
        let host = read_host(host)?;
        let config = &self.0.config;
        let deadline = Deadline::new(&self.0.clock, config.deadline);
        let names = config.names.as_ref();
        let stream = connect(&host, port, names, config.allow_private, &deadline).await?;
        let looking = self.0.tls.look(stream, &host);
        deadline.run(Step::Handshake, looking).await?
    }
}

/// A host that stands alone: an IPv6 address needs no brackets there.
fn read_host(text: &str) -> Result<Host, Failure> {
    if let Ok(address) = text.parse() {
        return Ok(Host::Address(address));
    }
    text.parse().map_err(|fault| Failure::NotResolved {
        source: Some(io::Error::new(io::ErrorKind::InvalidInput, fault)),
    })
}
