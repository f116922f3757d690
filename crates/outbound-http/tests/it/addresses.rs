//! Every range of IANA's special-purpose address registries (RFC 6890), at both its ends, and what lies beside.

use std::net::IpAddr;

use outbound_http::AddressKind::{self, *};

/// First and last address of a range, and what it is.
const RANGES: [(&str, &str, AddressKind); 37] = [
    ("0.0.0.0", "0.255.255.255", Unspecified),
    ("10.0.0.0", "10.255.255.255", Private),
    ("100.64.0.0", "100.127.255.255", Shared),
    ("127.0.0.0", "127.255.255.255", Loopback),
    ("169.254.0.0", "169.254.255.255", LinkLocal),
    ("172.16.0.0", "172.31.255.255", Private),
    ("192.0.0.0", "192.0.0.255", Reserved),
    ("192.0.2.0", "192.0.2.255", Documentation),
    ("192.88.99.0", "192.88.99.255", Tunnel),
    ("192.168.0.0", "192.168.255.255", Private),
    ("198.18.0.0", "198.19.255.255", Benchmark),
    ("198.51.100.0", "198.51.100.255", Documentation),
    ("203.0.113.0", "203.0.113.255", Documentation),
    ("224.0.0.0", "239.255.255.255", Multicast),
    ("240.0.0.0", "255.255.255.254", Reserved),
    ("255.255.255.255", "255.255.255.255", Broadcast),
    ("::", "::", Unspecified),
    ("::1", "::1", Loopback),
    ("::2", "::ffff", Reserved),
    ("::7f00:1", "::fffe:ffff:ffff", Reserved),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", Tunnel),
    ("100::", "100::ffff:ffff:ffff:ffff", Reserved),
    ("100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", Reserved),
    ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", Tunnel),
    ("2001:1::", "2001:1:ffff:ffff:ffff:ffff:ffff:ffff", Reserved),
    ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", Benchmark),
    (
        "2001:10::",
        "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
        Reserved,
    ),
    (
        "2001:db8::",
        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        Documentation,
    ),
    (
        "2002:808:808::",
        "2002:808:808:ffff:ffff:ffff:ffff:ffff",
        Tunnel,
    ),
    (
        "3fff::",
        "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
        Documentation,
    ),
    (
        "4000::",
        "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        Reserved,
    ),
    (
        "5f00::",
        "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        Reserved,
    ),
    (
        "fc00::",
        "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        UniqueLocal,
    ),
    (
        "fe00::",
        "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        Reserved,
    ),
    (
        "fe80::",
        "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        LinkLocal,
    ),
    (
        "fec0::",
        "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        UniqueLocal,
    ),
    (
        "ff00::",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        Multicast,
    ),
];

/// Public addresses: the neighbors of the ranges above, and some that are known.
const PUBLIC: [&str; 38] = [
    "1.0.0.0",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "149.154.167.220",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.3.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "2000::",
    "2001:200::",
    "2001:4860:4860::8888",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2003::",
    "2606:4700:4700::1111",
    "2a00:1450:4001::",
    "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff:1000::",
    "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

fn kind(address: &str) -> Option<AddressKind> {
    AddressKind::of(address.parse().unwrap())
}

#[test]
fn every_special_range_is_known_from_its_first_to_its_last_address() {
    for (first, last, what) in RANGES {
        assert_eq!(kind(first), Some(what), "{first}");
        assert_eq!(kind(last), Some(what), "{last}");
    }
}

#[test]
fn what_lies_beside_them_is_public() {
    for address in PUBLIC {
        assert_eq!(kind(address), None, "{address}");
    }
}

#[test]
fn an_address_that_carries_another_is_what_that_one_is() {
    let v4 = RANGES.iter().filter(|(first, ..)| first.contains('.'));
    for (first, last, what) in v4 {
        for carried in [first, last] {
            let IpAddr::V4(address) = carried.parse().unwrap() else {
                unreachable!()
            };
            let [a, b, c, d] = address.octets();
            for carrier in [
                format!("::ffff:{carried}"),
                format!("64:ff9b::{carried}"),
                format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1"),
            ] {
                assert_eq!(kind(&carrier), Some(*what), "{carrier}");
            }
        }
    }
    assert_eq!(kind("::ffff:8.8.8.8"), None);
    assert_eq!(kind("64:ff9b::8.8.8.8"), None);
    // Nothing but an IPv4 address is translated.
    assert_eq!(kind("64:ff9b::1:8.8.8.8"), Some(Reserved));
}
