#![doc = include_str!("../README.md")]

mod config;
mod counters;
mod event;
mod event_type;
mod iso8601;
mod outbox;
mod platform_events;
mod schema;
mod state;

pub use crate::config::Config;
pub use crate::event::{BotEvent, BotStatus, NewEvent};
pub use crate::event_type::{EventType, EventTypes, UnknownEventType};
pub use crate::platform_events::PlatformEvents;
pub use crate::state::{DeliveryState, EndpointState};
