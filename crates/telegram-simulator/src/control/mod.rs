//! What a test, or a person, does with the simulator.

pub(crate) mod handle;
pub(crate) mod http;
mod page;
mod refused;
mod requests;
mod rivals;
mod trouble;
mod troubles;
mod views;
