//! What a test, or a person, does with the simulator.

pub(crate) mod handle;
pub(crate) mod http;
mod page;
mod requests;
mod views;
