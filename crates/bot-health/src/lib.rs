#![doc = include_str!("../README.md")]

pub mod verdict;

mod bot_health;
mod config;
mod damping;
mod desk;
mod diagnose;
mod endpoint;
mod error;
mod figures;
mod flights;
mod keep;
mod lists;
mod look;
mod looked;
mod notice;
mod observe;
mod pace;
mod parts;
mod pulse;
mod rota;
mod row;
mod run;
mod schema;
mod settle;
mod signal;
mod state;
mod sweep;
mod table;
mod tallies;
mod watch;

pub use crate::bot_health::BotHealth;
pub use crate::config::HealthConfig;
pub use crate::error::{Error, Result};
pub use crate::figures::{Figures, InspectionOutcome};
pub use crate::lists::{BotChange, BotStanding, ChangesPage, StandingsPage};
pub use crate::parts::Parts;
pub use crate::signal::{Cause, Signal};
