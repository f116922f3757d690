use std::net::SocketAddr;

/// What can go wrong with a listener.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address could not be listened on: it is taken, not this machine's, or not allowed.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
}

/// Why a request's body could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// It is longer than allowed, or says that it will be.
    #[error("the body is too large")]
    TooLarge,
    /// It did not come in time.
    #[error("the body did not come in time")]
    TimedOut,
    /// The connection ended, or stopped making sense, before the body did.
    #[error("the body was cut off")]
    Cut,
}
