use std::sync::Arc;

use bot_connection::{BotConnections, PublicUrl};
use clock::{Clock, Entropy};
use connection_directory::Directory;
use outbound_http::{OutboundHttp, Resolve};
use platform_events::PlatformEvents;
use store::Database;
use telegram_bot_api::Client;
use update_dispatcher::Dispatcher;

/// What watching over bots is made of.
#[derive(Clone)]
pub struct Parts {
    /// The client that calls Telegram: it knows how far our clock is from Telegram's.
    pub client: Client,
    /// Tells the time.
    pub clock: Clock,
    /// Inspects bots, and registers one anew that came back.
    pub connections: BotConnections,
    /// Keeps how each bot stands.
    pub database: Database,
    /// Keeps the connections' records.
    pub directory: Directory,
    /// Handles the bots' updates.
    pub dispatcher: Dispatcher,
    /// Spreads the sweep.
    pub entropy: Entropy,
    /// Publishes what changes.
    pub events: PlatformEvents,
    /// Looks our own name up.
    pub names: Arc<dyn Resolve>,
    /// Looks at our own certificate.
    pub outbound: OutboundHttp,
    /// The address under which Telegram reaches us.
    pub public_url: Option<PublicUrl>,
}
