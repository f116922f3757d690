//! Authorities and certificates, made for one test.

use std::sync::Arc;

use outbound_http::CertificateDer;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, SupportedProtocolVersion};

/// Someone who issues certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// What a server shows, and the key to it.
pub(crate) struct Shown {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// The years at whose beginnings a certificate begins and ends to be good. The manual clock shows 2026-01-01.
pub(crate) type Years = (i32, i32);
pub(crate) const NOW: Years = (2025, 2027);

impl Authority {
    pub(crate) fn root(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(authority(name), key).unwrap())
    }

    pub(crate) fn intermediate(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::signed_by(authority(name), key, &self.0).unwrap())
    }

    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// A leaf of ours, sent alone.
    pub(crate) fn issue(&self, names: &[&str], years: Years) -> Shown {
        let key = KeyPair::generate().unwrap();
        let leaf = leaf(names, years).signed_by(&key, &self.0).unwrap();
        shown(leaf.der().clone(), &key)
    }
}

impl Shown {
    pub(crate) fn self_signed(names: &[&str], years: Years) -> Self {
        let key = KeyPair::generate().unwrap();
        let leaf = leaf(names, years).self_signed(&key).unwrap();
        shown(leaf.der().clone(), &key)
    }

    pub(crate) fn with(mut self, authority: &Authority) -> Self {
        self.chain.push(authority.certificate());
        self
    }

    /// The certificate of somebody else, with our key.
    pub(crate) fn showing(mut self, chain: Vec<CertificateDer<'static>>) -> Self {
        self.chain = chain;
        self
    }

    pub(crate) fn server(self) -> ServerConfig {
        self.server_of(rustls::DEFAULT_VERSIONS)
    }

    pub(crate) fn server_of(self, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
        let provider = ring::default_provider();
        let key = provider.key_provider.load_private_key(self.key).unwrap();
        // Nobody checks that the key is the certificate's: some tests want it not to be.
        let shown = CertifiedKey::new(self.chain, key);
        ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)))
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = named(&[], name, (2020, 2040));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn leaf(names: &[&str], years: Years) -> CertificateParams {
    named(names, "leaf", years)
}

fn named(names: &[&str], name: &str, (from, to): Years) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params
}

fn shown(leaf: CertificateDer<'static>, key: &KeyPair) -> Shown {
    Shown {
        chain: vec![leaf],
        key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
    }
}
