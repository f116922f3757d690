#![doc = include_str!("../README.md")]

mod address;
mod chain;
mod config;
mod connect;
mod deadline;
mod error;
mod exchange;
mod names;
mod outbound;
mod refusal;
mod target;
mod tls;

pub use rustls::pki_types::CertificateDer;

pub use crate::address::AddressKind;
pub use crate::chain::{CertificateReport, ChainFault};
pub use crate::config::OutboundConfig;
pub use crate::error::{Error, Failure, Step, TlsFault};
pub use crate::exchange::Answer;
pub use crate::names::{FixedNames, Resolve, Resolving, SystemNames};
pub use crate::outbound::OutboundHttp;
pub use crate::refusal::Refusal;
pub use crate::target::{InvalidTarget, Target};
