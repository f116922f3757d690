#![doc = include_str!("../README.md")]

mod api;
mod bot;
mod botfather;
mod control;
mod dialog;
mod error;
mod failures;
mod ids;
mod json;
mod kinds;
mod ledger;
mod load;
mod multipart;
mod params;
mod people;
mod queue;
mod records;
mod resolve;
mod rivals;
mod server;
mod simulator;
mod webhook;
mod webhook_url;
mod world;

pub use crate::bot::Standing;
pub use crate::control::handle::Control;
pub use crate::dialog::{Access, ChatKind};
pub use crate::error::Error;
pub use crate::failures::{Failure, FailureKind};
pub use crate::ids::{BotId, ChatId, Token, UserId};
pub use crate::ledger::Ledger;
pub use crate::load::Load;
pub use crate::records::{CallRecord, DeliveryRecord, UpdateRecord, UploadRecord, Via};
pub use crate::resolve::Resolution;
pub use crate::simulator::{Simulator, SimulatorConfig};
