//! What a server shows of itself, and what is wrong with that.

use std::net::IpAddr;

use clock::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, RootCertStore};
use x509_cert::Certificate;
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

/// The certificate that a server shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateReport {
    /// The names and addresses it is for, `*.example.com` among them, as it lists them.
    pub names: Vec<String>,
    /// When it begins to be good.
    pub not_before: Timestamp,
    /// The last moment at which it is good.
    pub not_after: Timestamp,
    /// Whether it leads to a root that is trusted, now and for the name that was asked for.
    pub chain: Result<(), ChainFault>,
}

/// Why a certificate is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainFault {
    /// It, or one on the way to the root, has run out.
    #[error("the certificate has expired: renew it")]
    Expired,
    /// It, or one on the way to the root, is not good yet.
    #[error("the certificate is not valid yet: check the clocks of both machines")]
    NotYetValid,
    /// It is for other names.
    #[error("the certificate is for another name: issue one for the host's name")]
    WrongName,
    /// It was issued by its own key.
    #[error("the certificate is self-signed: use one from a public authority")]
    SelfSigned,
    /// Who issued it was neither sent along nor is a root.
    #[error("the certificate of its issuer is missing: have the server send the whole chain")]
    IntermediateMissing,
    /// The chain is there, and leads to nobody who is trusted.
    #[error("the certificate's issuer is not trusted: use one from a public authority")]
    UnknownIssuer,
    /// Anything else: badly made, revoked, for another purpose, signed in an old way.
    #[error("the certificate does not meet the rules for servers: issue a new one")]
    Unfit,
}

impl CertificateReport {
    /// Reads what was shown; `None` when that is no certificate.
    pub(crate) fn read(leaf: &CertificateDer<'_>, chain: Result<(), ChainFault>) -> Option<Self> {
        let certificate = Certificate::from_der(leaf).ok()?;
        let body = certificate.tbs_certificate();
        let timestamp = |time: x509_cert::time::Time| {
            let seconds = time.to_unix_duration().as_secs();
            Timestamp::from_unix_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
        };
        let names = body.get_extension::<SubjectAltName>().ok()?;
        let names = names.map(|(_, names)| names.0).unwrap_or_default();
        Some(Self {
            names: names.iter().filter_map(shown_name).collect(),
            not_before: timestamp(body.validity().not_before),
            not_after: timestamp(body.validity().not_after),
            chain,
        })
    }
}

impl ChainFault {
    /// Says in our words what the verification of a chain gave.
    pub(crate) fn of(
        error: &CertificateError,
        leaf: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
        roots: &RootCertStore,
    ) -> Self {
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::WrongName
            }
            error => unfit_or_untrusted(error, leaf, sent, roots),
        }
    }
}

/// A self-signed certificate is refused for one of several reasons, by what else it says of itself.
fn unfit_or_untrusted(
    error: &CertificateError,
    leaf: &CertificateDer<'_>,
    sent: &[CertificateDer<'_>],
    roots: &RootCertStore,
) -> ChainFault {
    let Ok(leaf) = Certificate::from_der(leaf) else {
        return ChainFault::Unfit;
    };
    let issuer = leaf.tbs_certificate().issuer();
    if issuer == leaf.tbs_certificate().subject() {
        return ChainFault::SelfSigned;
    }
    // A bad signature is another's: an authority's name is easily taken, its key is not.
    let untrusted = [
        CertificateError::UnknownIssuer,
        CertificateError::BadSignature,
    ];
    if !untrusted.contains(error) {
        return ChainFault::Unfit;
    }
    let was_sent = sent.iter().any(|sent| {
        Certificate::from_der(sent).is_ok_and(|sent| sent.tbs_certificate().subject() == issuer)
    });
    if was_sent || is_root(issuer, roots) {
        ChainFault::UnknownIssuer
    } else {
        ChainFault::IntermediateMissing
    }
}

fn is_root(name: &Name, roots: &RootCertStore) -> bool {
    // An anchor's subject is the name without the tag and the length that DER puts before it.
    let name = name.to_der().unwrap_or_default();
    let mut subjects = roots.roots.iter().map(|root| root.subject.as_ref());
    AnyRef::from_der(&name).is_ok_and(|name| subjects.any(|subject| subject == name.value()))
}

fn shown_name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
            let v6 = <[u8; 16]>::try_from(bytes).map(IpAddr::from);
            Some(v4.or(v6).ok()?.to_string())
        }
        _ => None,
    }
}
