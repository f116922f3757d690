//! Whom we do not call.

use std::net::IpAddr;

use crate::address::AddressKind;
use crate::target::Host;

/// Why an address is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Plain `http`.
    #[error("the address begins with http://: only https:// is called, so that nobody reads along")]
    NotHttps,
    /// `localhost`, in one of its spellings.
    #[error("the host is the machine itself: give a name that is reached from the internet")]
    ThisMachine,
    /// The host is, or its name leads to, an address that is not public. One among several is enough.
    #[error("the host has {0}: give a host all of whose addresses are public")]
    Address(AddressKind),
}

/// Names that mean the machine itself wherever they are looked up: RFC 6761, section 6.3, and what distributions add.
const THIS_MACHINE: [&str; 4] = [
    "localhost",
    "localhost.localdomain",
    "ip6-localhost",
    "ip6-loopback",
];

/// What can be said of a host without looking its name up.
pub(crate) fn check_host(host: &Host) -> Result<(), Refusal> {
    match host {
        Host::Address(address) => check_address(*address),
        Host::Name(name) if THIS_MACHINE.contains(&name.as_str()) => Err(Refusal::ThisMachine),
        Host::Name(name) if name.ends_with(".localhost") => Err(Refusal::ThisMachine),
        Host::Name(_) => Ok(()),
    }
}

pub(crate) fn check_address(address: IpAddr) -> Result<(), Refusal> {
    AddressKind::of(address).map_or(Ok(()), |kind| Err(Refusal::Address(kind)))
}
