//! Names, the public addresses they pretend to have, and the sockets that stand behind them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What the simulated name service knows of one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// The address that Telegram is told, checks and shows. Make it a public IPv4 one, unless the refusal is what you want.
    pub address: IpAddr,
    /// Where requests really go; `None`: nowhere, every connection fails.
    pub deliver_to: Option<SocketAddr>,
    /// Whether to speak TLS there. Not supported yet.
    #[serde(default)]
    pub tls: bool,
}

impl Resolution {
    /// A host with the public address 149.154.160.1, served in clear at a socket.
    #[must_use]
    pub fn clear(deliver_to: SocketAddr) -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::new(149, 154, 160, 1)),
            deliver_to: Some(deliver_to),
            tls: false,
        }
    }
}

/// Where a webhook's requests go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) address: IpAddr,
    pub(crate) deliver_to: Option<SocketAddr>,
}

/// The hosts that can be resolved, and those whose look-up takes time.
#[derive(Debug, Default)]
pub(crate) struct ResolveTable {
    known: HashMap<String, Resolution>,
    slow: HashMap<String, Duration>,
}

impl ResolveTable {
    pub(crate) fn set(&mut self, host: &str, resolution: Resolution) {
        self.known.insert(host.to_ascii_lowercase(), resolution);
    }

    pub(crate) fn remove(&mut self, host: &str) {
        self.known.remove(&host.to_ascii_lowercase());
    }

    /// Makes setWebhook wait so long for a host's name.
    pub(crate) fn slow(&mut self, host: &str, span: Duration) {
        self.slow.insert(host.to_ascii_lowercase(), span);
    }

    /// How long the look-up of a host takes.
    pub(crate) fn takes(&self, host: &str) -> Duration {
        self.slow.get(host).copied().unwrap_or_default()
    }

    pub(crate) fn hosts(&self) -> impl Iterator<Item = (&String, &Resolution)> {
        self.known.iter()
    }

    /// The address of a host for a webhook, checked as the server checks it; else the tail of `Bad Request: bad webhook: …`.
    pub(crate) fn webhook_target(&self, host: &str, fixed: &str) -> Result<Target, String> {
        let target = if fixed.is_empty() {
            self.resolve(host)?
        } else {
            let address = fixed
                .parse()
                .map_err(|_| "Invalid IP address specified".to_owned())?;
            let known = self.known.get(fixed).or_else(|| self.known.get(host));
            Target {
                address,
                deliver_to: known.and_then(|resolution| resolution.deliver_to),
            }
        };
        match target.address {
            IpAddr::V6(_) => Err("IPv6-only addresses are not allowed".to_owned()),
            IpAddr::V4(address) if is_reserved(address) => {
                Err(format!("IP address {address} is reserved"))
            }
            IpAddr::V4(_) => Ok(target),
        }
    }

    fn resolve(&self, host: &str) -> Result<Target, String> {
        if !host.is_ascii() {
            return Err("Host can't be converted to ASCII".to_owned());
        }
        if let Some(resolution) = self.known.get(host) {
            return Ok(Target {
                address: resolution.address,
                deliver_to: resolution.deliver_to,
            });
        }
        match host.trim_matches(['[', ']']).parse() {
            Ok(address) => Ok(Target {
                address,
                deliver_to: None,
            }),
            Err(_) => Err("Failed to resolve host: Name or service not known".to_owned()),
        }
    }
}

/// The blocks to which Telegram's server does not send.
fn is_reserved(address: Ipv4Addr) -> bool {
    let blocks: [([u8; 4], u32); 14] = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 3),
    ];
    let bits = u32::from(address);
    blocks
        .iter()
        .any(|(block, length)| (bits ^ u32::from_be_bytes(*block)) >> (32 - length) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_blocks_end_where_they_should() {
        for reserved in [
            "0.1.2.3",
            "100.127.255.255",
            "172.31.255.255",
            "198.19.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(is_reserved(reserved.parse().unwrap()), "{reserved}");
        }
        for public in [
            "1.1.1.1",
            "100.128.0.0",
            "172.32.0.0",
            "198.20.0.1",
            "192.0.1.1",
            "223.255.255.255",
        ] {
            assert!(!is_reserved(public.parse().unwrap()), "{public}");
        }
    }
}
