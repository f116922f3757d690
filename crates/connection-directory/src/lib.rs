#![doc = include_str!("../README.md")]

mod connection;
mod directory;
mod error;
mod key_states;
mod keys;
mod live;
mod live_map;
mod pages;
mod registered;
mod rewrap;
mod row;
mod schema;
mod status;
mod tokens;
mod writes;

pub use crate::connection::{Connection, Previous};
pub use crate::directory::Directory;
pub use crate::error::{Error, Result};
pub use crate::key_states::KeyNote;
pub use crate::keys::KeyReferences;
pub use crate::live::LiveConnection;
pub use crate::pages::ConnectionsPage;
pub use crate::registered::Registered;
pub use crate::rewrap::TokensRewrapped;
pub use crate::status::Status;
pub use crate::writes::{Rider, RiderFuture, Update};
