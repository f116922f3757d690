//! The way to us, as far as it can be seen from here: one public address, so one look serves all bots.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use outbound_http::{CertificateReport, ChainFault as Fault, Failure};
use tokio::sync::Notify;

use crate::parts::Parts;
use crate::verdict::facts::{Addresses, Certificate, ChainFault, Endpoint, SelfCheck};

/// The latest look at our own public address.
pub(crate) struct EndpointWatch {
    /// Host and port.
    public: Option<(String, u16)>,
    latest: Mutex<Option<(Duration, Endpoint)>>,
    /// Held by the one who looks.
    looking: tokio::sync::Mutex<()>,
    /// Told when an inspection had no time to look.
    woken: Notify,
}

impl EndpointWatch {
    /// Of an address that is `https://`, a host, and perhaps a port. Without one nothing is looked at.
    pub(crate) fn new(public_url: Option<&str>) -> Self {
        Self {
            public: public_url.and_then(host_and_port),
            latest: Mutex::default(),
            looking: tokio::sync::Mutex::default(),
            woken: Notify::new(),
        }
    }

    /// Until somebody had no time to look.
    pub(crate) async fn woken(&self) {
        self.woken.notified().await;
    }

    pub(crate) fn latest(&self) -> Option<Endpoint> {
        self.held().map(|(_, endpoint)| endpoint)
    }

    /// Looks, unless somebody did within this time. What goes wrong is a fact like any other.
    pub(crate) async fn refresh(&self, parts: &Parts, not_older: Duration) {
        let Some((host, port)) = &self.public else {
            return;
        };
        let _alone = self.looking.lock().await;
        self.look_unless_known(parts, host, *port, not_older).await;
    }

    /// The same for whoever cannot wait for another's look: what is known has to do then, and whoever watches over this is woken.
    pub(crate) async fn refresh_unless_busy(&self, parts: &Parts, not_older: Duration) {
        let Some((host, port)) = &self.public else {
            return;
        };
        let Ok(_alone) = self.looking.try_lock() else {
            self.woken.notify_one();
            return;
        };
        self.look_unless_known(parts, host, *port, not_older).await;
    }

    async fn look_unless_known(&self, parts: &Parts, host: &str, port: u16, not_older: Duration) {
        let now = parts.clock.elapsed();
        if self
            .held()
            .is_some_and(|(at, _)| now.saturating_sub(at) < not_older)
        {
            return;
        }
        let look = parts.clock.timeout(LONGEST, look(parts, host, port)).await;
        // One that did not end says nothing, and is not repeated at once either.
        let endpoint = look.unwrap_or_else(|_| unknown(parts, host));
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        *latest = Some((parts.clock.elapsed(), endpoint));
    }

    fn held(&self) -> Option<(Duration, Endpoint)> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.clone()
    }
}

async fn look(parts: &Parts, host: &str, port: u16) -> Endpoint {
    let addresses = match parts.names.resolve(host).await {
        Ok(found) if found.is_empty() => Addresses::NoSuchName,
        Ok(found) => Addresses::Known(found),
        // Systems answer so for names that are not there, and for name servers that are not.
        Err(_) => Addresses::Unknown,
    };
    let (certificate, answer) = match parts.outbound.certificate(host, port).await {
        Ok(report) => (Some(certificate(&report)), SelfCheck::NotMade),
        Err(Failure::Refused(_)) => (None, SelfCheck::NotMade),
        Err(failure) => {
            let why = failure.to_string();
            (None, SelfCheck::NoAnswer { why })
        }
    };
    Endpoint {
        addresses,
        certificate,
        answer,
        ..unknown(parts, host)
    }
}

fn unknown(parts: &Parts, host: &str) -> Endpoint {
    Endpoint {
        checked_at: parts.clock.now(),
        host: host.to_owned(),
        addresses: Addresses::Unknown,
        certificate: None,
        answer: SelfCheck::NotMade,
    }
}

fn certificate(report: &CertificateReport) -> Certificate {
    Certificate {
        not_after: report.not_after,
        fault: report.chain.err().and_then(fault),
    }
}

fn fault(fault: Fault) -> Option<ChainFault> {
    Some(match fault {
        // Its last moment says so already.
        Fault::Expired => return None,
        Fault::NotYetValid => ChainFault::NotYetValid,
        Fault::WrongName => ChainFault::WrongName,
        Fault::SelfSigned | Fault::UnknownIssuer => ChainFault::UnknownIssuer,
        Fault::IntermediateMissing => ChainFault::Incomplete,
        _ => ChainFault::Other,
    })
}

fn host_and_port(url: &str) -> Option<(String, u16)> {
    let authority = url.strip_prefix("https://")?.split('/').next()?;
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "443"));
    Some((host.to_owned(), port.parse().ok()?))
}

/// The look-up and the handshake together.
const LONGEST: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_is_a_host_and_a_port() {
        let bots = |port| Some(("bots.example.com".to_owned(), port));
        assert_eq!(host_and_port("https://bots.example.com"), bots(443));
        assert_eq!(host_and_port("https://bots.example.com:8443"), bots(8443));
        assert_eq!(host_and_port("https://bots.example.com/x"), bots(443));
        assert_eq!(host_and_port("http://bots.example.com"), None);
    }
}
