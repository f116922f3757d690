//! Addresses that are called: read strictly, because two readers that understand an address in two ways are how a check
//! is got around.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use http::uri::PathAndQuery;

/// An address that can be called: `https://host[:port][/path][?query]`, or the same with `http`.
///
/// `Display` gives it whole, with the secrets that a path and a query may hold; `Debug` gives scheme, host and port.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Target {
    https: bool,
    host: Host,
    port: u16,
    path: PathAndQuery,
}

/// A host's name, in lower case, or its address.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Host {
    Address(IpAddr),
    Name(String),
}

/// Text that is no address to call. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTarget {
    /// More than 2,048 bytes.
    #[error("the address is too long: give one of at most 2,048 characters")]
    TooLong,
    /// A space, a line break or another control character.
    #[error(
        "the address has a space or a control character in it: remove it, or write it as %20 and the like"
    )]
    Control,
    /// No scheme.
    #[error("the address has no scheme: begin it with https://")]
    NoScheme,
    /// A scheme that is neither `https` nor `http`.
    #[error("the address has another scheme than https: begin it with https://")]
    Scheme,
    /// A user name or a password.
    #[error("the address has a user name or password before an '@': leave them out")]
    Userinfo,
    /// A fragment.
    #[error("the address has a '#', which is never sent: leave out what follows it")]
    Fragment,
    /// No host.
    #[error("the address has no host: write a name such as example.com after https://")]
    NoHost,
    /// A name in letters beyond ASCII.
    #[error("the host's name has letters beyond a-z: write it in its form that begins with xn--")]
    NotPunycode,
    /// A host that is neither a name nor an address.
    #[error(
        "the host is neither a name such as example.com nor an address such as 192.0.2.1 or [2001:db8::1]: check its spelling"
    )]
    Host,
    /// A port that is 0, too large or no number.
    #[error("the port is not a number from 1 to 65535: correct it, or leave it out")]
    Port,
    /// A character in the path or query that must be encoded.
    #[error(
        "the path or query has a character that an address may not have: write it in its form that begins with %"
    )]
    Path,
}

/// The longest address, in bytes.
const MAX_BYTES: usize = 2_048;

impl Target {
    /// Whether it is reached by TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The host: a name in lower case, or an address, that of IPv6 without brackets.
    #[must_use]
    pub fn host(&self) -> String {
        self.host.to_string()
    }

    /// The port, that of the scheme when none is written.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn place(&self) -> &Host {
        &self.host
    }

    pub(crate) fn path(&self) -> &PathAndQuery {
        &self.path
    }

    /// Host and port as an address and the header `Host` have them (RFC 9110, section 7.2).
    pub(crate) fn authority(&self) -> String {
        let host = match &self.host {
            Host::Address(IpAddr::V6(address)) => format!("[{address}]"),
            host => host.to_string(),
        };
        match (self.https, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }

    fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }
}

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        if text.len() > MAX_BYTES {
            return Err(InvalidTarget::TooLong);
        }
        if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(InvalidTarget::Control);
        }
        let (scheme, rest) = text.split_once("://").ok_or(InvalidTarget::NoScheme)?;
        let https = https(scheme)?;
        if rest.contains('#') {
            return Err(InvalidTarget::Fragment);
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(InvalidTarget::Userinfo);
        }
        let (host, port) = split_port(authority)?;
        Ok(Self {
            https,
            host: host.parse()?,
            port: port.unwrap_or(if https { 443 } else { 80 }),
            path: parse_path(path)?,
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme(), self.authority(), self.path)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({}://{}/…)", self.scheme(), self.authority())
    }
}

impl FromStr for Host {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        if text.is_empty() {
            return Err(InvalidTarget::NoHost);
        }
        if !text.is_ascii() {
            return Err(InvalidTarget::NotPunycode);
        }
        if let Some(text) = text.strip_prefix('[') {
            let text = text.strip_suffix(']').ok_or(InvalidTarget::Host)?;
            let address = text.parse::<Ipv6Addr>().map_err(|_| InvalidTarget::Host)?;
            return Ok(Self::Address(address.into()));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Address(address.into()));
        }
        let name = text.to_ascii_lowercase();
        if is_name(&name) {
            Ok(Self::Name(name))
        } else {
            Err(InvalidTarget::Host)
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

fn https(scheme: &str) -> Result<bool, InvalidTarget> {
    match scheme {
        "" => Err(InvalidTarget::NoScheme),
        scheme if scheme.eq_ignore_ascii_case("https") => Ok(true),
        scheme if scheme.eq_ignore_ascii_case("http") => Ok(false),
        _ => Err(InvalidTarget::Scheme),
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), InvalidTarget> {
    // The colons of an IPv6 address are before its bracket.
    let brackets = match authority.strip_prefix('[') {
        Some(_) => authority.find(']').ok_or(InvalidTarget::Host)?,
        None => 0,
    };
    let Some(colon) = authority[brackets..].find(':') else {
        return Ok((authority, None));
    };
    let (host, port) = authority.split_at(brackets + colon);
    let digits = &port[1..];
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidTarget::Port);
    }
    match digits.parse() {
        Ok(0) | Err(_) => Err(InvalidTarget::Port),
        Ok(port) => Ok((host, Some(port))),
    }
}

fn parse_path(path: &str) -> Result<PathAndQuery, InvalidTarget> {
    // Some servers take a backslash for a slash; nobody may mean it.
    if !path.is_ascii() || path.contains('\\') {
        return Err(InvalidTarget::Path);
    }
    let slash = if path.starts_with('/') { "" } else { "/" };
    PathAndQuery::try_from(format!("{slash}{path}")).map_err(|_| InvalidTarget::Path)
}

/// A name of the DNS, without a dot at its end. What ends in a number is none: operating systems take `127.1` and
/// `0x7f000001` for addresses.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let digits = last.strip_prefix("0x").map_or(last, |_| "0");
    name.len() <= 253
        && name.split('.').all(is_label)
        && !digits.bytes().all(|byte| byte.is_ascii_digit())
}
