#![doc = include_str!("../README.md")]

mod address;
mod backoff;
mod bot_connections;
mod bulk;
mod carry_out;
mod changing;
mod disconnect;
mod drift;
mod drift_memory;
mod drift_one;
mod drift_share;
mod engine;
mod error;
mod facts;
mod fresh;
mod heal;
mod hold;
mod inspect;
mod inspection;
mod kill;
mod kinds;
mod machine;
mod operation;
mod pace;
mod pacer;
mod pacer_window;
mod parts;
mod plan;
mod prepare;
mod public_url;
mod put;
mod record;
mod refusal;
mod registration;
mod registrations;
mod resume;
mod sealing;
mod talk;
mod telegram;
mod turns;
mod view;

pub use connection_directory::Status;

pub use crate::bot_connections::BotConnections;
pub use crate::bulk::{BulkItem, BulkOutcome};
pub use crate::drift::Drift;
pub use crate::drift_share::Progress;
pub use crate::error::{Error, Warning};
pub use crate::heal::Healed;
pub use crate::inspection::{Inspection, ShownUrl, TokenAnswer, WebhookShown};
#[cfg(feature = "failpoints")]
#[doc(hidden)]
pub use crate::kill::kill_points;
pub use crate::pace::{Pace, Share};
pub use crate::parts::{ConnectConfig, Parts};
pub use crate::public_url::{InvalidPublicUrl, PublicUrl};
pub use crate::refusal::{BotRefusal, WebhookRefusal};
pub use crate::registrations::Registrations;
pub use crate::view::{BotView, Connected, Did};
