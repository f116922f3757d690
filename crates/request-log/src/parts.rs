//! What many records of a segment have in common: it is written out where it first occurs, and a number from then on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::fault::Fault;
use crate::kind::KindName;
use crate::outcome::Outcome;
use crate::wire::{Bytes, put, put_bytes};

/// What sort of record it is, and all of it that is the same in many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Handled,
    Replied,
    Dead,
    /// A request of its own.
    Request {
        outcome: Outcome,
        status: u16,
        kind: Option<KindName>,
        has_update: bool,
    },
    /// A record that stands for several requests.
    Fold {
        outcome: Outcome,
        status: u16,
    },
}

/// Where requests came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Remote {
    /// From several places.
    Many,
    Address(IpAddr),
    /// Anywhere in this /24 or /48.
    Prefix(IpAddr),
}

impl Shape {
    /// Known to every segment.
    pub(crate) const FIRST: [Self; 3] = [Self::Handled, Self::Replied, Self::Dead];

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Request {
                outcome,
                status,
                kind,
                has_update,
            } => {
                out.extend([REQUEST | u8::from(*has_update), outcome.code()]);
                put(out, u64::from(*status));
                let name = kind.as_ref().map_or("", KindName::as_str);
                out.push(kind.is_some().into());
                put_bytes(out, name.as_bytes());
            }
            Self::Fold { outcome, status } => {
                out.extend([FOLD, outcome.code()]);
                put(out, u64::from(*status));
            }
            Self::Handled | Self::Replied | Self::Dead => {}
        }
    }

    pub(crate) fn read(bytes: &mut Bytes<'_>) -> Result<Self, Fault> {
        let [sort, outcome] = bytes.array()?;
        let outcome = Outcome::coded(outcome).ok_or(Fault::Damaged("an outcome is unknown"))?;
        let status = u16::try_from(bytes.number()?);
        let status = status.map_err(|_| Fault::Damaged("a status is too large"))?;
        match sort {
            FOLD => Ok(Self::Fold { outcome, status }),
            REQUEST | REQUEST_WITH_UPDATE => {
                let has_kind = bytes.byte()? != 0;
                let name = bytes.text()?;
                Ok(Self::Request {
                    outcome,
                    status,
                    kind: has_kind.then(|| name.into()),
                    has_update: sort == REQUEST_WITH_UPDATE,
                })
            }
            _ => Err(Fault::Damaged("a sort of record is unknown")),
        }
    }
}

impl Remote {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Many => out.push(MANY),
            Self::Address(IpAddr::V4(address)) => {
                out.push(V4);
                out.extend(address.octets());
            }
            Self::Address(IpAddr::V6(address)) => {
                out.push(V6);
                out.extend(address.octets());
            }
            Self::Prefix(IpAddr::V4(address)) => {
                out.push(V4_PREFIX);
                out.extend(address.octets().iter().take(3));
            }
            Self::Prefix(IpAddr::V6(address)) => {
                out.push(V6_PREFIX);
                out.extend(address.octets().iter().take(6));
            }
        }
    }

    pub(crate) fn read(bytes: &mut Bytes<'_>) -> Result<Self, Fault> {
        Ok(match bytes.byte()? {
            MANY => Self::Many,
            V4 => Self::Address(Ipv4Addr::from(bytes.array::<4>()?).into()),
            V6 => Self::Address(Ipv6Addr::from(bytes.array::<16>()?).into()),
            V4_PREFIX => {
                let [a, b, c] = bytes.array()?;
                Self::Prefix(Ipv4Addr::new(a, b, c, 0).into())
            }
            V6_PREFIX => {
                let mut octets = [0; 16];
                octets[..6].copy_from_slice(&bytes.array::<6>()?);
                Self::Prefix(Ipv6Addr::from(octets).into())
            }
            _ => return Err(Fault::Damaged("a sort of address is unknown")),
        })
    }

    /// As it is shown.
    pub(crate) fn text(self) -> Option<String> {
        match self {
            Self::Many => None,
            Self::Address(address) => Some(address.to_string()),
            Self::Prefix(prefix) => {
                let length = if prefix.is_ipv4() { 24 } else { 48 };
                Some(format!("{prefix}/{length}"))
            }
        }
    }
}

/// The beginning of the /24 or /48 that an address lies in: what one party is likely to hold whole.
pub(crate) fn prefix_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & !0xff).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> 48)).into(),
    }
}

const REQUEST: u8 = 0;
const REQUEST_WITH_UPDATE: u8 = 1;
const FOLD: u8 = 2;

const MANY: u8 = 0;
const V4: u8 = 1;
const V6: u8 = 2;
const V4_PREFIX: u8 = 3;
const V6_PREFIX: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_what_one_party_holds() {
        let text = |address: &str| Remote::Prefix(prefix_of(address.parse().unwrap())).text();
        assert_eq!(text("192.0.2.77").unwrap(), "192.0.2.0/24");
        assert_eq!(text("::ffff:192.0.2.77").unwrap(), "192.0.2.0/24");
        assert_eq!(text("2001:db8:1:2::3").unwrap(), "2001:db8:1::/48");
    }
}
