//! What a client is told: where the server is, how long to wait, how much to send.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;

use crate::Limits;

/// How a [`Client`](crate::Client) reaches the Bot API. The defaults are meant for api.telegram.org.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The server. Telegram's own by default.
    pub api_root: ApiRoot,
    /// Whether to use Telegram's test environment, which has bots and tokens of its own.
    pub test_dc: bool,
    /// For a connection to stand, TLS included. 10 s.
    pub connect_timeout: Duration,
    /// From the request to the head of its answer; the parameter `timeout` of `getUpdates` comes on top, and calls with
    /// uploads have until their deadline. 30 s.
    pub answer_timeout: Duration,
    /// For a whole call: turns, attempts and the pauses between them. 60 s.
    pub deadline: Duration,
    /// The same for a call with uploads. 10 minutes.
    pub upload_deadline: Duration,
    /// How often a call is tried in all, not counting those that Telegram answered 429. 4.
    pub attempts: u32,
    /// After how long an unused connection is not used any more: less than servers keep one, so that few requests meet
    /// one that is just being closed. 50 s.
    pub idle_connection: Duration,
    /// How many requests are under way at once; further ones wait their turn. 256.
    pub max_requests: usize,
    /// The longest answer, in bytes. 64 MiB, because 100 updates of 512 KiB are the longest that Telegram gives.
    pub max_answer_bytes: usize,
    /// The limits under which messages are sent; `None` to leave them to Telegram's 429.
    pub limits: Option<Limits>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            api_root: ApiRoot::default(),
            test_dc: false,
            connect_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(30),
            deadline: Duration::from_secs(60),
            upload_deadline: Duration::from_secs(600),
            attempts: 4,
            idle_connection: Duration::from_secs(50),
            max_requests: 256,
            max_answer_bytes: 64 << 20,
            limits: Some(Limits::default()),
        }
    }
}

/// The address of a Bot API server: `https://api.telegram.org`, or a local server's, which may be plain `http` and may
/// have a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRoot(String);

impl ApiRoot {
    /// The address, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ApiRoot {
    fn default() -> Self {
        Self(String::from("https://api.telegram.org"))
    }
}

impl fmt::Display for ApiRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ApiRoot {
    type Err = InvalidApiRoot;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.contains(['?', '#']) {
            return Err(InvalidApiRoot::Query);
        }
        let uri: Uri = text.parse().map_err(|_| InvalidApiRoot::NotAnAddress)?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(InvalidApiRoot::Scheme);
        };
        if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
            return Err(InvalidApiRoot::Scheme);
        }
        if authority.as_str().contains('@') {
            return Err(InvalidApiRoot::Credentials);
        }
        if authority.host().is_empty() {
            return Err(InvalidApiRoot::NotAnAddress);
        }
        if has_token(uri.path()) {
            return Err(InvalidApiRoot::Token);
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// Text that is no address of a Bot API server. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidApiRoot {
    /// No address at all.
    #[error("this is not an address such as https://api.telegram.org")]
    NotAnAddress,
    /// Another scheme, or none.
    #[error("a Bot API server's address begins with https:// or http://")]
    Scheme,
    /// A query or a fragment.
    #[error("a Bot API server's address has no '?' and no '#'")]
    Query,
    /// A user name or a password.
    #[error("a Bot API server's address has no user name or password")]
    Credentials,
    /// The address of a method, with the token in it.
    #[error("leave out /bot and the token: only the server's address is needed")]
    Token,
}

fn has_token(path: &str) -> bool {
    path.split('/').any(|part| {
        let id = part
            .strip_prefix("bot")
            .and_then(|rest| rest.split_once(':'));
        id.is_some_and(|(id, _)| id.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_without_its_last_slash() {
        for (text, kept) in [
            ("https://api.telegram.org", "https://api.telegram.org"),
            (" http://127.0.0.1:8081/ \n", "http://127.0.0.1:8081"),
            ("http://[::1]:8081/telegram/", "http://[::1]:8081/telegram"),
        ] {
            assert_eq!(text.parse::<ApiRoot>().unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (text, why) in [
            ("", InvalidApiRoot::NotAnAddress),
            ("http://", InvalidApiRoot::NotAnAddress),
            ("http://a b", InvalidApiRoot::NotAnAddress),
            ("api.telegram.org", InvalidApiRoot::Scheme),
            ("/api", InvalidApiRoot::Scheme),
            ("ftp://api.telegram.org", InvalidApiRoot::Scheme),
            ("https://api.telegram.org/?a=b", InvalidApiRoot::Query),
            ("https://api.telegram.org/#a", InvalidApiRoot::Query),
            ("https://me:secret@example.org", InvalidApiRoot::Credentials),
            (
                "https://api.telegram.org/bot123:AAH/getMe",
                InvalidApiRoot::Token,
            ),
        ] {
            assert_eq!(text.parse::<ApiRoot>(), Err(why), "{text:?}");
        }
    }
}
