//! What strangers wrote, made fit to be shown: nothing that could be a secret, a path or an address passes.

/// Instead of a word that is not shown.
const HIDDEN: &str = "[hidden]";
/// Path secrets have 22 characters, the secrets of tokens at least 24: a run as long as this is not shown.
const LONGEST_RUN: usize = 18;
const LONGEST_TEXT: usize = 200;
/// A name of the Internet has no more.
const LONGEST_HOST: usize = 253;

/// Somebody else's words, as far as each of them is harmless.
pub(crate) fn words(text: &str) -> String {
    let mut shown = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word = if is_harmless(word) { word } else { HIDDEN };
        if word.is_empty() || (word == HIDDEN && shown.ends_with(HIDDEN)) {
            continue;
        }
        if shown.len() + word.len() >= LONGEST_TEXT {
            shown.push_str(" …");
            break;
        }
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(word);
    }
    shown
}

/// The host, and nothing else, of what should be a host: also when it comes with a scheme, a user, a port or a path.
pub(crate) fn host(text: &str) -> Option<String> {
    let rest = text
        .split_once("://")
        .map_or(text, |(_scheme, rest)| rest)
        .split(['/', '?', '#', '\\'])
        .next()?;
    let rest = rest.rsplit_once('@').map_or(rest, |(_user, host)| host);
    let host = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((literal, _port)) => literal,
        None => rest.split_once(':').map_or(rest, |(host, _port)| host),
    };
    let host = host.trim_matches('.').to_ascii_lowercase();
    let is_host = !host.is_empty()
        && host.len() <= LONGEST_HOST
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte));
    is_host.then_some(host)
}

fn is_harmless(word: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".,:;'\"!()-_{}[]".contains(&byte);
    let is_run = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    word.bytes().all(is_plain)
        && word
            .as_bytes()
            .split(|byte| !is_run(*byte))
            .all(|run| run.len() < LONGEST_RUN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_errors_pass() {
        for text in [
            "Wrong response from the webhook: 502 Bad Gateway",
            "SSL error {error:0A000086:SSL routines::certificate verify failed}",
            "Connection reset by peer",
            "Can't connect to the webhook",
        ] {
            assert_eq!(words(text), text);
        }
    }

    #[test]
    fn what_could_be_a_secret_does_not() {
        for (text, shown) in [
            (
                "502 see https://a.example/x?y=z now",
                "502 see [hidden] now",
            ),
            (
                "of 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
                "of [hidden]",
            ),
            ("a/b c/d e", "[hidden] e"),
            ("key=value", "[hidden]"),
            ("a\u{1b}[31mred\u{7}", "a [31mred"),
            ("żółw", "[hidden]"),
            ("", ""),
        ] {
            assert_eq!(words(text), shown);
        }
        assert!(words(&"abc ".repeat(1_000)).len() <= LONGEST_TEXT + 4);
    }

    #[test]
    fn of_an_address_the_host_is_left() {
        for (text, shown) in [
            ("Rival.Example", Some("rival.example")),
            (
                "https://user:pass@rival.example:8443/bot1:A",
                Some("rival.example"),
            ),
            ("rival.example.", Some("rival.example")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("203.0.113.7", Some("203.0.113.7")),
            (
                "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
                Some("123456789"),
            ),
            ("a b", None),
            ("", None),
            ("https://", None),
        ] {
            assert_eq!(host(text).as_deref(), shown, "{text}");
        }
    }
}
