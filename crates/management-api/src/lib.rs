#![doc = include_str!("../README.md")]

mod answer;
mod api;
mod asked;
mod auth;
mod body;
mod bots;
mod calls;
mod connecting;
mod diagnosis;
mod endpoints;
mod error;
mod health;
mod import;
mod iso8601;
mod keys;
mod late;
mod listing;
mod parts;
mod pasted;
mod query;
mod registrations;
mod route;
mod shown;
mod standing;
mod tokens;
mod updates;

pub use crate::api::ManagementApi;
pub use crate::health::{Check, Readiness};
pub use crate::parts::Parts;
pub use crate::registrations::Renewals;
pub use crate::tokens::{
    Abilities, Ability, ApiToken, ApiTokens, Environment, PlainToken, UnknownAbility,
};
pub use crate::updates::Updates;
