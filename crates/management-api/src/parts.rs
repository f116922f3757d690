use std::sync::Arc;

use bot_connection::BotConnections;
use bot_health::BotHealth;
use clock::{Clock, Entropy};
use connection_directory::Directory;
use key_rotation::KeyRotation;
use platform_events::PlatformEvents;

use crate::health::Readiness;
use crate::tokens::ApiTokens;
use crate::updates::Updates;

/// What [`ManagementApi`](crate::ManagementApi) is made of: the parts of one server.
#[derive(Clone)]
pub struct Parts {
    /// Tells the time.
    pub clock: Clock,
    /// Connects and disconnects bots.
    pub connections: BotConnections,
    /// Lists the records of connections.
    pub directory: Directory,
    /// Makes the ids of requests.
    pub entropy: Entropy,
    /// Who hears of bots.
    pub events: PlatformEvents,
    /// Says why a bot is silent.
    pub health: BotHealth,
    /// Rotates master keys.
    pub keys: KeyRotation,
    /// Whether an update can be stored.
    pub readiness: Arc<dyn Readiness>,
    /// Who may call.
    pub tokens: ApiTokens,
    /// What operators see of updates.
    pub updates: Updates,
}
