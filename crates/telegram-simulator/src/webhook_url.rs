//! A webhook's URL, read as Telegram's server reads it.

use std::net::Ipv6Addr;

/// The parts of a URL that setWebhook was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebhookUrl {
    pub(crate) https: bool,
    /// `user:password`, sent as Basic authorisation; empty when there is none.
    pub(crate) userinfo: String,
    /// In lower case; an IPv6 address keeps its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Path, query and fragment, as they go into the request line.
    pub(crate) path: String,
}

impl WebhookUrl {
    /// Reads a URL; one without a scheme is taken as https. `None` where the server says `invalid webhook URL specified`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (https, rest) = match text.split_once("://") {
            None => (true, text),
            Some((scheme, rest)) => (scheme_is_https(scheme)?, rest),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, query) = rest.split_at(end);
        let (authority, port) = split_port(authority)?;
        let (userinfo, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let host = host.to_ascii_lowercase();
        let valid = match host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => !host.is_empty() && host != "." && part_is_allowed(&host, false),
        };
        (valid && part_is_allowed(userinfo, true)).then(|| Self {
            https,
            userinfo: userinfo.to_owned(),
            host,
            port: port.unwrap_or(if https { 443 } else { 80 }),
            path: request_path(query),
        })
    }

    /// What the `Host` header says: the port only when it is not 443.
    pub(crate) fn host_header(&self) -> String {
        match self.port {
            443 => self.host.clone(),
            port => format!("{}:{port}", self.host),
        }
    }
}

fn scheme_is_https(scheme: &str) -> Option<bool> {
    if scheme.eq_ignore_ascii_case("https") {
        Some(true)
    } else {
        scheme.eq_ignore_ascii_case("http").then_some(false)
    }
}

/// The authority without its port, and the port if there is one; `None` for a port that cannot be.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let Some(colon) = authority.rfind([':', ']', '@']) else {
        return Some((authority, None));
    };
    if colon == 0 || !authority[colon..].starts_with(':') {
        return Some((authority, None));
    }
    let digits = &authority[colon + 1..];
    let port: u16 = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.trim_start_matches('0').parse().ok())??;
    Some((&authority[..colon], Some(port)))
}

/// Whether a host or userinfo holds only what the server lets through.
fn part_is_allowed(part: &str, colon: bool) -> bool {
    let bytes = part.as_bytes();
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        match byte {
            b'%' => {
                let hex = bytes.get(place + 1..place + 3);
                if !hex.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) {
                    return false;
                }
                place += 2;
            }
            b':' if colon => {}
            128.. => {}
            byte if byte.is_ascii_alphanumeric() || b".-_!$,~*'();&+=".contains(byte) => {}
            _ => return false,
        }
        place += 1;
    }
    true
}

/// What follows the authority, with spaces and control characters percent-encoded.
fn request_path(query: &str) -> String {
    let query = query.trim_end_matches(|character: char| character.is_ascii_whitespace());
    let mut path = String::with_capacity(query.len() + 1);
    if !query.starts_with('/') {
        path.push('/');
    }
    for character in query.chars() {
        if character <= ' ' {
            path.push_str(&format!("%{:02X}", character as u32));
        } else {
            path.push(character);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_the_server_reads_them() {
        let url = WebhookUrl::parse("HTTPS://u:p@Bots.Example.com:8443/a b?c#d ").unwrap();
        assert_eq!(url.host, "bots.example.com");
        assert_eq!(url.userinfo, "u:p");
        assert_eq!(url.path, "/a%20b?c#d");
        assert_eq!(url.host_header(), "bots.example.com:8443");
        let bare = WebhookUrl::parse("bots.example.com?x").unwrap();
        assert!(bare.https && bare.port == 443 && bare.path == "/?x");
        assert_eq!(bare.host_header(), "bots.example.com");
        assert_eq!(WebhookUrl::parse("http://a").unwrap().port, 80);
        assert!(WebhookUrl::parse("https://[2001:db8::1]:443/").is_some());
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for bad in [
            "ftp://a.example",
            "https://",
            "https://.",
            "https://a.example:0/",
            "https://a.example:65536/",
            "https://a.example:x/",
            "https://a.example:/",
            "https://a b.example/",
            "https://a%zz.example/",
            "https://u%2:p@a.example/",
            "https://[::zz]/",
            "https://a<b/",
        ] {
            assert_eq!(WebhookUrl::parse(bad), None, "{bad}");
        }
    }
}
