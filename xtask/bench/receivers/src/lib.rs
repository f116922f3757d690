//! What the receivers share: how they are started.

use std::net::SocketAddr;

use anyhow::Context as _;

/// The address to listen on: the program's only argument.
///
/// # Errors
/// When there is no argument, or it is no address.
pub fn address() -> anyhow::Result<SocketAddr> {
    let address = std::env::args().nth(1).context("name the address")?;
    address
        .parse()
        .with_context(|| format!("{address} is no address"))
}

/// Runs this on a runtime like the server's.
///
/// # Errors
/// Whatever the future's are.
pub fn run(serving: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serving)
}
