//! The address under which Telegram reaches us.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use http::Uri;

/// The public base URL of the webhook endpoint, such as `https://bots.example.com`.
///
/// Parsed with everything that Telegram would refuse later, because a refused `setWebhook` leaves a bot without any
/// webhook (docs/TELEGRAM.md: "A refused setWebhook").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    base: String,
    host: String,
}

/// Why Telegram could not deliver to a URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPublicUrl {
    /// The host is an IPv6 address.
    #[error("Telegram delivers over IPv4 only; give a name, or an IPv4 address")]
    Ipv6,
    /// There is more than scheme, host and port.
    #[error(
        "only scheme, host and port belong here, as in https://bots.example.com; we add the path ourselves"
    )]
    MoreThanBase,
    /// Telegram delivers to four ports only.
    #[error("Telegram delivers to ports 443, 80, 88 and 8443 only, not to {0}")]
    Port(u16),
    /// The address belongs to a private or reserved network.
    #[error(
        "{0} is an address of a private or reserved network, which Telegram refuses; give one that the internet reaches"
    )]
    Private(Ipv4Addr),
    /// It is not `https`.
    #[error("Telegram delivers over https only; give a URL that begins with https://")]
    Scheme,
    /// It is no URL, or its host could not be one of a certificate.
    #[error("this is not a URL such as https://bots.example.com")]
    Shape,
}

impl PublicUrl {
    /// The URL without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.base
    }

    /// The name or IPv4 address, in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl FromStr for PublicUrl {
    type Err = InvalidPublicUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPublicUrl> {
        let text = text.trim();
        let uri: Uri = text.parse().map_err(|_| InvalidPublicUrl::Shape)?;
        match uri.scheme_str() {
            Some("https") => {}
            Some(_) => return Err(InvalidPublicUrl::Scheme),
            None => return Err(InvalidPublicUrl::Shape),
        }
        let authority = uri.authority().ok_or(InvalidPublicUrl::Shape)?;
        let base_only = matches!(uri.path(), "" | "/") && uri.query().is_none();
        if !base_only || text.contains('#') || authority.as_str().contains('@') {
            return Err(InvalidPublicUrl::MoreThanBase);
        }
        let port = authority.port_u16().unwrap_or(443);
        if authority.as_str().ends_with(':') || !PORTS.contains(&port) {
            return Err(InvalidPublicUrl::Port(port));
        }
        let host = authority.host().to_ascii_lowercase();
        check_host(&host)?;
        let base = if port == 443 {
            format!("https://{host}")
        } else {
            format!("https://{host}:{port}")
        };
        Ok(Self { base, host })
    }
}

impl std::fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.base)
    }
}

/// Whether Telegram refuses to deliver to this address (docs/TELEGRAM.md: "Addresses that are refused").
#[must_use]
pub(crate) fn is_refused_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_reserved(address),
        IpAddr::V6(_) => true,
    }
}

fn check_host(host: &str) -> Result<(), InvalidPublicUrl> {
    if host.starts_with('[') {
        return Err(InvalidPublicUrl::Ipv6);
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return if is_reserved(address) {
            Err(InvalidPublicUrl::Private(address))
        } else {
            Ok(())
        };
    }
    // A last label of digits would be read as an address by some and as a name by others.
    let last_is_number = host
        .rsplit('.')
        .next()
        .is_none_or(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let labels_fit = host.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    let fits = host.len() <= 253 && labels_fit && !last_is_number;
    if fits {
        Ok(())
    } else {
        Err(InvalidPublicUrl::Shape)
    }
}

fn is_reserved(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    RESERVED.iter().any(|(network, length)| {
        let mask = u32::MAX << (32 - length);
        bits & mask == u32::from(Ipv4Addr::from(*network)) & mask
    })
}

const PORTS: [u16; 4] = [443, 80, 88, 8443];

const RESERVED: [([u8; 4], u32); 14] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 3),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_kept_in_one_form() {
        for (given, kept) in [
            ("https://bots.example.com", "https://bots.example.com"),
            (
                " https://Bots.Example.com:443/ ",
                "https://bots.example.com",
            ),
            (
                "https://bots.example.com:8443",
                "https://bots.example.com:8443",
            ),
            ("https://8.8.8.8:88", "https://8.8.8.8:88"),
        ] {
            assert_eq!(given.parse::<PublicUrl>().unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_telegram_would_refuse_is_refused_here_with_the_reason() {
        use InvalidPublicUrl::{Ipv6, MoreThanBase, Port, Private, Scheme, Shape};
        let cases = [
            ("", Shape),
            ("bots.example.com", Shape),
            ("http://bots.example.com", Scheme),
            ("ftp://bots.example.com", Scheme),
            ("https://bots.example.com/hook", MoreThanBase),
            ("https://bots.example.com/?a=1", MoreThanBase),
            ("https://user:pass@bots.example.com", MoreThanBase),
            ("https://bots.example.com:8080", Port(8080)),
            ("https://[2001:db8::1]", Ipv6),
            ("https://10.1.2.3", Private(Ipv4Addr::new(10, 1, 2, 3))),
            (
                "https://100.127.255.255",
                Private(Ipv4Addr::new(100, 127, 255, 255)),
            ),
            ("https://224.0.0.1", Private(Ipv4Addr::new(224, 0, 0, 1))),
            ("https://1.2.3", Shape),
            ("https://-a.example.com", Shape),
            ("https://a..example.com", Shape),
        ];
        for (url, fault) in cases {
            assert_eq!(url.parse::<PublicUrl>(), Err(fault), "{url}");
        }
        assert!("https://100.128.0.1".parse::<PublicUrl>().is_ok());
    }
}
