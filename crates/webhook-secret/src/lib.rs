#![doc = include_str!("../README.md")]

mod path;
mod secrets;
mod tag;
mod values;

pub use crate::path::{MAX_PATH_BYTES, PATH_PREFIX};
pub use crate::secrets::WebhookSecrets;
pub use crate::values::{Registration, SecretToken, WebhookPath};
