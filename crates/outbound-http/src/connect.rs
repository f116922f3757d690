//! From a host to a TCP connection: looked up once, checked whole, connected to what was checked.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;

use crate::deadline::Deadline;
use crate::error::{Failure, Step};
use crate::names::Resolve;
use crate::refusal::{check_address, check_host};
use crate::target::Host;

pub(crate) async fn connect(
    host: &Host,
    port: u16,
    names: &dyn Resolve,
    allow_private: bool,
    deadline: &Deadline,
) -> Result<TcpStream, Failure> {
    if !allow_private {
        check_host(host).map_err(Failure::Refused)?;
    }
    let addresses = match host {
        Host::Address(address) => vec![*address],
        Host::Name(name) => look_up(name, names, deadline).await?,
    };
    if !allow_private {
        // One is enough: whoever mixes public with private ones has made a mistake, or tries whether we do.
        let mut checks = addresses.iter().copied().map(check_address);
        checks.try_for_each(|check| check.map_err(Failure::Refused))?;
    }
    // From here on there are addresses only. A name that is looked up again now may lead somewhere else (DNS rebinding).
    to_one_of(&addresses, port, deadline).await
}

async fn look_up(
    name: &str,
    names: &dyn Resolve,
    deadline: &Deadline,
) -> Result<Vec<IpAddr>, Failure> {
    let found = deadline.run(Step::LookUp, names.resolve(name)).await?;
    match found {
        Ok(addresses) if addresses.is_empty() => Err(Failure::NotResolved { source: None }),
        Ok(addresses) => Ok(addresses),
        Err(error) => Err(Failure::NotResolved {
            source: Some(error),
        }),
    }
}

async fn to_one_of(
    addresses: &[IpAddr],
    port: u16,
    deadline: &Deadline,
) -> Result<TcpStream, Failure> {
    let mut refused: Option<io::Error> = None;
    for (place, address) in addresses.iter().enumerate() {
        let connecting = TcpStream::connect(SocketAddr::new(*address, port));
        match deadline.share(addresses.len() - place, connecting).await {
            Ok(Ok(stream)) => {
                // A head and a body are written one after the other; the second shall not wait for the first.
                let _: io::Result<()> = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => refused = Some(error),
            Err(_) => {}
        }
    }
    // An address that says no tells more than one that says nothing.
    Err(refused.map_or(Failure::TimedOut(Step::Connect), |source| {
        Failure::Connect { source }
    }))
}
