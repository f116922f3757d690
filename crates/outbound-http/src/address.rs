//! Which addresses are nobody's public ones.
//!
//! The ranges are those of IANA's special-purpose registries (RFC 6890, as updated by RFC 8190) that are not globally
//! reachable, and multicast. An address that carries an IPv4 address (mapped, NAT64, 6to4) is judged by that one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is that is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressKind {
    /// `0.0.0.0/8` and `::`: RFC 791, RFC 4291.
    #[error("an unspecified address")]
    Unspecified,
    /// `127.0.0.0/8` and `::1`: RFC 1122, RFC 4291.
    #[error("a loopback address")]
    Loopback,
    /// `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16`: RFC 1918.
    #[error("an address of a private network")]
    Private,
    /// `100.64.0.0/10`, between a provider and its customers: RFC 6598.
    #[error("an address that a provider shares among its customers")]
    Shared,
    /// `169.254.0.0/16` and `fe80::/10`, where machines in clouds find their credentials: RFC 3927, RFC 4291.
    #[error("a link-local address")]
    LinkLocal,
    /// `fc00::/7`, and `fec0::/10`, which it replaced: RFC 4193, RFC 3879.
    #[error("a unique local address")]
    UniqueLocal,
    /// `224.0.0.0/4` and `ff00::/8`: RFC 5771, RFC 4291.
    #[error("a multicast address")]
    Multicast,
    /// `192.0.2.0/24`, `198.51.100.0/24`, `203.0.113.0/24`, `2001:db8::/32`, `3fff::/20`: RFC 5737, RFC 3849, RFC 9637.
    #[error("an address for documentation")]
    Documentation,
    /// `198.18.0.0/15` and `2001:2::/48`: RFC 2544, RFC 5180.
    #[error("an address for benchmarks")]
    Benchmark,
    /// The end of a tunnel or a translation that has no public address behind it: `2002::/16` (6to4, RFC 7526),
    /// `192.88.99.0/24`, `2001::/32` (Teredo, RFC 4380), `64:ff9b:1::/48` (RFC 8215).
    #[error("an address of a tunnel")]
    Tunnel,
    /// `255.255.255.255`: RFC 919.
    #[error("the broadcast address")]
    Broadcast,
    /// All else that IANA has given to nobody, or to a protocol.
    #[error("a reserved address")]
    Reserved,
}

impl AddressKind {
    /// What an address is; `None` for a public one.
    #[must_use]
    pub fn of(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }
}

fn of_v4(address: Ipv4Addr) -> Option<AddressKind> {
    Some(match address.octets() {
        [0, ..] => AddressKind::Unspecified,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => AddressKind::Private,
        [100, 64..=127, ..] => AddressKind::Shared,
        [127, ..] => AddressKind::Loopback,
        [169, 254, ..] => AddressKind::LinkLocal,
        [192, 0, 0, _] => AddressKind::Reserved,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => AddressKind::Documentation,
        [192, 88, 99, _] => AddressKind::Tunnel,
        [198, 18..=19, ..] => AddressKind::Benchmark,
        [224..=239, ..] => AddressKind::Multicast,
        [255, 255, 255, 255] => AddressKind::Broadcast,
        [240..=255, ..] => AddressKind::Reserved,
        _ => return None,
    })
}

fn of_v6(address: Ipv6Addr) -> Option<AddressKind> {
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressKind::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressKind::Loopback,
        // Mapped (RFC 4291) and translated (NAT64, RFC 6052): what is reached is the IPv4 address.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            return of_v4(v4(high, low));
        }
        [0x64, 0xff9b, 1, ..] => AddressKind::Tunnel,
        [0xfe80..=0xfebf, ..] => AddressKind::LinkLocal,
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => AddressKind::UniqueLocal,
        [0xff00..=0xffff, ..] => AddressKind::Multicast,
        [0x2001, 0, ..] => AddressKind::Tunnel,
        [0x2001, 2, 0, ..] => AddressKind::Benchmark,
        [0x2001, 0..=0x1ff, ..] => AddressKind::Reserved,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => AddressKind::Documentation,
        // Its relays are gone, so nothing public is behind one; the IPv4 address says more where it says something.
        [0x2002, high, low, ..] => of_v4(v4(high, low)).unwrap_or(AddressKind::Tunnel),
        // Global unicast, all that IANA gives out: RFC 4291, section 4.
        [0x2000..=0x3fff, ..] => return None,
        _ => AddressKind::Reserved,
    })
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}
