use clock::{Clock, Entropy};
use connection_directory::Directory;
use ids::ConnectionId;
use platform_events::PlatformEvents;
use telegram_bot_api::{Client, UpdateKind};
use token_vault::TokenVault;
use update_dispatcher::Dispatcher;
use update_inbox::Inbox;
use webhook_secret::WebhookSecrets;

use crate::pace::Pace;
use crate::public_url::PublicUrl;

/// What connecting bots is made of.
#[derive(Clone)]
pub struct Parts {
    /// Asks Telegram.
    pub client: Client,
    /// Tells the time.
    pub clock: Clock,
    /// Keeps the records.
    pub directory: Directory,
    /// Handles a connected bot's updates, and lets go of a disconnected one's.
    pub dispatcher: Dispatcher,
    /// Makes identifiers.
    pub entropy: Entropy,
    /// Announces that a bot was connected or disconnected.
    pub events: PlatformEvents,
    /// Keeps the updates, a disconnected bot's until they expire.
    pub inbox: Inbox,
    /// Derives webhook paths and secret tokens.
    pub secrets: WebhookSecrets,
    /// Seals tokens.
    pub vault: TokenVault,
}

impl Parts {
    /// Stops handling a connection's updates; they stay in the inbox until they expire.
    pub(crate) fn park(&self, connection: &ConnectionId) {
        self.dispatcher.pause(connection);
        self.inbox.park(connection);
    }

    /// Goes on with a connection's updates, those that were parked first; unless an operator holds them.
    pub(crate) fn unpark(&self, connection: &ConnectionId) {
        let passed = self.inbox.unpark(connection);
        if !self.inbox.is_held(connection) {
            self.dispatcher.resume(connection, passed);
        }
    }
}

/// How bots are connected.
#[derive(Clone, Debug)]
pub struct ConnectConfig {
    /// The update kinds to subscribe to, all of them named: Telegram's default leaves some out.
    pub allowed_updates: Vec<UpdateKind>,
    /// How many requests of one bot Telegram may have under way at once, 1 to 100.
    pub max_connections: u8,
    /// How fast Telegram is told things.
    pub pace: Pace,
    /// The address under which Telegram reaches us. Without it no bot can be connected.
    pub public_url: Option<PublicUrl>,
    /// Whether to look the public name up before Telegram does. Not with a Bot API server of one's own, which may see
    /// other names than we do.
    pub resolves_name: bool,
}
