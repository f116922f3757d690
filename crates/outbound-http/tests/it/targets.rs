//! How addresses are read.

use http::Uri;
use outbound_http::{InvalidTarget, Target};
use proptest::prelude::*;
use rustls::pki_types::ServerName;

#[test]
fn an_address_is_kept_in_its_plainest_form() {
    for (text, kept, host, port) in [
        (
            "https://example.com",
            "https://example.com/",
            "example.com",
            443,
        ),
        (
            "HTTPS://Example.COM:443/A?b=C",
            "https://example.com/A?b=C",
            "example.com",
            443,
        ),
        (
            "https://example.com?a",
            "https://example.com/?a",
            "example.com",
            443,
        ),
        (
            "https://example.com:8443/",
            "https://example.com:8443/",
            "example.com",
            8443,
        ),
        (
            "http://example.com:443/",
            "http://example.com:443/",
            "example.com",
            443,
        ),
        (
            "http://example.com/%20",
            "http://example.com/%20",
            "example.com",
            80,
        ),
        (
            "https://xn--bcher-kva.example/",
            "https://xn--bcher-kva.example/",
            "xn--bcher-kva.example",
            443,
        ),
        (
            "https://my_host.example.com/@:a",
            "https://my_host.example.com/@:a",
            "my_host.example.com",
            443,
        ),
        ("https://192.0.2.1/", "https://192.0.2.1/", "192.0.2.1", 443),
        (
            "https://[2001:DB8::1]:444/",
            "https://[2001:db8::1]:444/",
            "2001:db8::1",
            444,
        ),
        ("https://[0:0::1]", "https://[::1]/", "::1", 443),
    ] {
        let target: Target = text.parse().unwrap();
        assert_eq!(target.to_string(), kept);
        assert_eq!(target.host(), host);
        assert_eq!(target.port(), port);
        assert_eq!(kept.parse(), Ok(target));
    }
}

#[test]
fn what_cannot_be_called_says_what_to_mend() {
    use InvalidTarget::*;
    let long = format!("https://example.com/{}", "a".repeat(2_029));
    let long_label = format!("https://{}.example.com", "a".repeat(64));
    let long_name = format!("https://{}example.com", "abcdefg.".repeat(31));
    for (text, fault) in [
        (long.as_str(), TooLong),
        ("https://example.com/a b", Control),
        ("https://example.com/\r\nHost: other", Control),
        (" https://example.com", Control),
        ("https://example.com/\u{7f}", Control),
        ("https://exam\u{2003}ple.com", Control),
        ("", NoScheme),
        ("example.com/hook", NoScheme),
        ("//example.com/hook", NoScheme),
        ("://example.com", NoScheme),
        ("mailto:me@example.com", NoScheme),
        ("ftp://example.com", Scheme),
        ("file:///etc/passwd", Scheme),
        ("https+unix://example.com", Scheme),
        ("https://me@example.com", Userinfo),
        ("https://me:password@example.com/", Userinfo),
        ("https://example.com@other.example/", Userinfo),
        ("https://example.com#part", Fragment),
        ("https://example.com/#", Fragment),
        ("https://", NoHost),
        ("https:///path", NoHost),
        ("https://:443", NoHost),
        ("https://?a", NoHost),
        ("https://bücher.example", NotPunycode),
        ("https://example。com", NotPunycode),
        (long_label.as_str(), Host),
        (long_name.as_str(), Host),
        ("https://example.com.", Host),
        ("https://example..com", Host),
        ("https://-example.com", Host),
        ("https://example-.com", Host),
        ("https://exa%6Dple.com", Host),
        ("https://example.com\\@other.example", Userinfo),
        ("https://example.com\\other", Host),
        ("https://2130706433", Host),
        ("https://127.1", Host),
        ("https://0x7f000001", Host),
        ("https://0x7f.1", Host),
        ("https://0177.0.0.1", Host),
        ("https://256.0.0.1", Host),
        ("https://example.0x", Host),
        ("https://[::1", Host),
        ("https://[::1]x", Host),
        ("https://[fe80::1%25eth0]", Host),
        ("https://[127.0.0.1]", Host),
        ("https://::1", Port),
        ("https://example.com:0", Port),
        ("https://example.com:", Port),
        ("https://example.com:65536", Port),
        ("https://example.com:+443", Port),
        ("https://example.com:443:443", Port),
        ("https://example.com:https", Port),
        ("https://example.com/ü", Path),
        ("https://example.com/a\\b", Path),
        ("https://example.com/<a>", Path),
    ] {
        assert_eq!(text.parse::<Target>(), Err(fault), "{text:?}");
        assert!(!fault.to_string().is_empty());
    }
    let longest = &long[..2_048];
    assert!(longest.parse::<Target>().is_ok());
}

#[test]
fn debug_hides_what_follows_the_host() {
    let target: Target = "https://example.com:8443/secret?key=secret"
        .parse()
        .unwrap();
    assert_eq!(format!("{target:?}"), "Target(https://example.com:8443/…)");
}

proptest! {
    /// Two readers that differ are how a check is got around: what we accept, the HTTP and TLS libraries read as we do.
    #[test]
    fn others_read_an_accepted_address_as_we_do(
        text in "(https?|ftp)://[a-z0-9.:@\\[\\]\\-_%xA-F]{0,24}(:[0-9]{1,6})?[/?#]?[ -~]{0,12}",
    ) {
        if let Ok(target) = text.parse::<Target>() {
            let uri: Uri = text.parse().unwrap();
            let host = target.host();
            let read = uri.host().unwrap().trim_matches(['[', ']']).to_lowercase();
            match host.parse::<std::net::IpAddr>() {
                Ok(address) => prop_assert_eq!(address, read.parse::<std::net::IpAddr>().unwrap()),
                Err(_) => prop_assert_eq!(&host, &read),
            }
            let default = if target.is_https() { 443 } else { 80 };
            prop_assert_eq!(uri.port_u16().unwrap_or(default), target.port());
            prop_assert!(ServerName::try_from(host).is_ok());
            prop_assert_eq!(target.to_string().parse::<Target>(), Ok(target));
        }
    }

    #[test]
    fn no_text_is_too_odd_to_read(text in "\\PC{0,64}") {
        let _ = text.parse::<Target>();
        let _ = format!("https://{text}").parse::<Target>();
    }
}
