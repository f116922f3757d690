use std::io;

use crate::chain::ChainFault;
use crate::refusal::Refusal;

/// Why no [`OutboundHttp`](crate::OutboundHttp) could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// One of the additional roots is no certificate that can be trusted.
    #[error("additional root number {number} is not a certificate")]
    Root {
        /// Which of them, from 1.
        number: usize,
        /// What TLS said.
        #[source]
        source: rustls::Error,
    },
    /// TLS could not be set up.
    #[error("TLS could not be set up")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why there is no answer. No variant's text has anything of the address in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The address is none that is called from here.
    #[error("{0}")]
    Refused(Refusal),
    /// The name has no address.
    #[error("the host's name could not be looked up: check its spelling and its DNS records")]
    NotResolved {
        /// What the operating system said, when it said something.
        #[source]
        source: Option<io::Error>,
    },
    /// None of the host's addresses took the connection.
    #[error("no connection: the host does not listen on this port, or cannot be reached")]
    Connect {
        /// What the last of the addresses tried gave.
        #[source]
        source: io::Error,
    },
    /// There was a connection, but no trust in it.
    #[error("{0}")]
    Tls(TlsFault),
    /// The deadline passed.
    #[error("the time was up before {0}")]
    TimedOut(Step),
    /// What came back is no answer.
    #[error("{what}")]
    Broken {
        /// What is wrong with it, in a sentence.
        what: &'static str,
        /// What reading it gave.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What an exchange was waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Step {
    /// The look-up of the name.
    #[error("the host's name was looked up")]
    LookUp,
    /// The TCP connection.
    #[error("a connection stood")]
    Connect,
    /// The TLS handshake.
    #[error("the TLS handshake was done")]
    Handshake,
    /// The head of the answer.
    #[error("an answer began")]
    Answer,
    /// The rest of the answer.
    #[error("the answer ended")]
    Body,
}

/// Why a TLS handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFault {
    /// The certificate is not good.
    #[error("{0}")]
    Certificate(ChainFault),
    /// What answers on this port speaks something else.
    #[error("the server does not speak TLS on this port")]
    NotTls,
    /// The server has no version or cipher in common with us.
    #[error(
        "the server has no TLS version or cipher in common with us: TLS 1.2 or newer is needed"
    )]
    NothingInCommon,
    /// The server ended the handshake.
    #[error("the server refused the TLS handshake: it may serve no certificate for this name")]
    RefusedByServer,
    /// The connection ended in the middle of the handshake.
    #[error("the connection ended during the TLS handshake")]
    Cut,
    /// Something else that TLS does not allow.
    #[error("the server broke the rules of TLS")]
    Protocol,
}
