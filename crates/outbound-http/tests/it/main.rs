//! The crate from outside: real sockets, real TLS, and a clock that stands still until it is turned.

mod addresses;
mod answers;
mod certificates;
mod harness;
mod names;
mod pki;
mod refusals;
mod requests;
mod targets;
mod trust;
