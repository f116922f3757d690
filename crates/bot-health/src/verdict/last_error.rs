//! What Telegram's `last_error_message` means. Its texts are listed in docs/TELEGRAM.md, "Texts of delivery errors".

/// Why a delivery failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The name does not resolve.
    NoSuchName,
    /// The name resolves to addresses that Telegram does not use.
    UnusableAddress,
    /// Nothing listens.
    Refused,
    /// No way leads there, or nobody answered the knock.
    NoWay,
    /// The answer did not come in time.
    Slow,
    /// The connection ended early.
    Cut,
    /// The certificate is not trusted.
    Certificate,
    /// No secure connection came about for another reason.
    NotSecure,
    /// An answer came that is no acknowledgement.
    Answer(u16),
    /// An answer came that cannot be read.
    Unreadable,
    /// None that we know.
    Other,
}

use Trouble::{
    Certificate, Cut, NoSuchName, NoWay, NotSecure, Other, Refused, Slow, Unreadable,
    UnusableAddress,
};

/// What a text says, in lower case, and what it means. The first that is found in a message counts.
const TEXTS: &[(&str, Trouble)] = &[
    ("failed to resolve host", NoSuchName),
    ("name or service not known", NoSuchName),
    ("nodename nor servname", NoSuchName),
    ("no address associated with hostname", NoSuchName),
    ("name resolution", NoSuchName),
    ("is reserved", UnusableAddress),
    ("ipv6-only", UnusableAddress),
    ("invalid ip address", UnusableAddress),
    ("certificate", Certificate),
    ("hostname mismatch", Certificate),
    ("unknown ca", Certificate),
    ("read timeout expired", Slow),
    ("write timeout expired", Slow),
    ("connection timed out", NoWay),
    ("connection refused", Refused),
    ("reset by peer", Cut),
    ("broken pipe", Cut),
    ("unexpected eof", Cut),
    ("connection closed", Cut),
    ("software caused connection abort", Cut),
    ("no route to host", NoWay),
    ("is unreachable", NoWay),
    ("is down", NoWay),
    ("ssl", NotSecure),
    ("tls", NotSecure),
    ("can't connect to the webhook", NoWay),
    ("request entity too large", Unreadable),
    ("request header fields too large", Unreadable),
    ("unsupported media type", Unreadable),
    ("version not supported", Unreadable),
    ("not implemented", Unreadable),
    ("length required", Unreadable),
    ("bad request", Unreadable),
];

/// Before the status of an answer that was no acknowledgement. What comes after it are words of whoever answered.
const ANSWERED: &str = "wrong response from the webhook: ";

/// What a message means.
pub(crate) fn read(message: &str) -> Trouble {
    let message = message.to_ascii_lowercase();
    if let Some((_, answer)) = message.split_once(ANSWERED) {
        let status = answer.split(|c: char| !c.is_ascii_digit()).next();
        return match status.unwrap_or_default().parse() {
            Ok(status) => Trouble::Answer(status),
            Err(_) => Unreadable,
        };
    }
    let found = TEXTS.iter().find(|(text, _)| message.contains(text));
    found.map_or(Other, |(_, trouble)| *trouble)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[(&str, Trouble)] = &[
        (
            "Wrong response from the webhook: 502 Bad Gateway",
            Trouble::Answer(502),
        ),
        (
            "Wrong response from the webhook: 404 SSL certificate",
            Trouble::Answer(404),
        ),
        ("Wrong response from the webhook: ", Unreadable),
        ("Wrong response from the webhook: 99999999 A", Unreadable),
        ("Read timeout expired", Slow),
        ("Write timeout expired", Slow),
        ("Connection refused", Refused),
        ("Connection reset by peer", Cut),
        ("Connection timed out", NoWay),
        ("No route to host", NoWay),
        ("Network is unreachable", NoWay),
        (
            "SSL error {error:0A000086:SSL routines::certificate verify failed}",
            Certificate,
        ),
        (
            "SSL error {error:1416F086:SSL routines:tls_process_server_certificate:certificate verify failed}",
            Certificate,
        ),
        (
            "SSL error {error:0A00010B:SSL routines::wrong version number}",
            NotSecure,
        ),
        (
            "SSL error {error:0A000126:SSL routines::unexpected eof while reading}",
            Cut,
        ),
        (
            "Can't create an SSL connection: no shared cipher",
            NotSecure,
        ),
        ("Can't create an SSL context: bad certificate", Certificate),
        ("Can't connect to the webhook", NoWay),
        ("Request Entity Too Large: too many parameters", Unreadable),
        (
            "Unsupported Media Type: unsupported content-encoding",
            Unreadable,
        ),
        ("HTTP Version Not Supported", Unreadable),
        ("Not Implemented", Unreadable),
        ("Bad Request: line too long", Unreadable),
        (
            "Bad webhook: Failed to resolve host: Name or service not known",
            NoSuchName,
        ),
        (
            "Failed to resolve host: Temporary failure in name resolution",
            NoSuchName,
        ),
        (
            "bad webhook: IP address 10.0.0.1 is reserved",
            UnusableAddress,
        ),
        (
            "bad webhook: IPv6-only addresses are not allowed",
            UnusableAddress,
        ),
        ("", Other),
        ("Something new", Other),
    ];

    #[test]
    fn the_texts_that_are_known_are_understood() {
        for (message, trouble) in KNOWN {
            assert_eq!(read(message), *trouble, "{message}");
        }
    }
}
