//! Temporary.
use serde::Deserialize;
use telegram_bot_api::UpdateId;

/// Temporary.
#[derive(Debug, Deserialize)]
pub struct Update {
    /// Id.
    pub update_id: UpdateId,
}
