#![doc = include_str!("../README.md")]

mod answer;
mod api;
mod auth;
mod bots;
mod connecting;
mod error;
mod health;
mod late;
mod parts;
mod pasted;
mod route;
mod shown;
mod tokens;
mod updates;

pub use crate::api::ManagementApi;
pub use crate::health::{Check, Readiness};
pub use crate::parts::Parts;
pub use crate::tokens::{
    Abilities, Ability, ApiToken, ApiTokens, Environment, PlainToken, UnknownAbility,
};
pub use crate::updates::Updates;
