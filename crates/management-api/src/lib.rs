#![doc = include_str!("../README.md")]

mod answer;
mod api;
mod auth;
mod bots;
mod connecting;
mod error;
mod health;
mod route;
mod tokens;

pub use crate::api::ManagementApi;
pub use crate::health::{Check, Readiness};
pub use crate::tokens::{
    Abilities, Ability, ApiToken, ApiTokens, Environment, PlainToken, UnknownAbility,
};
