//! The parts of a server, put together over a database, a key file and a simulated Telegram.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bot_connection::{BotConnections, ConnectConfig, Pace};
use bot_health::{BotHealth, HealthConfig};
use clock::{Clock, Entropy};
use connection_directory::Directory;
use ids::{ConnectionId, KeyId};
use key_ring::{KeyRing, MasterKey, SharedKeyRing};
use key_rotation::{KeyRotation, KeySource};
use management_api::{ApiTokens, Check, Environment, Parts, Readiness, Updates};
use outbound_http::{FixedNames, OutboundConfig, OutboundHttp};
use platform_events::PlatformEvents;
use store::Database;
use telegram_bot_api::{Call, Client, ClientConfig, UpdateKind};
use telegram_simulator::Simulator;
use token_vault::TokenVault;
use update_dispatcher::{Dispatcher, DispatcherConfig, Perform};
use update_inbox::{Inbox, InboxConfig};
use webhook_secret::WebhookSecrets;

/// What a server stands in.
pub(crate) struct World<'a> {
    pub(crate) clock: &'a Clock,
    pub(crate) database: &'a Database,
    pub(crate) folder: &'a Path,
    pub(crate) pace: Pace,
    pub(crate) public_url: Option<&'a str>,
    pub(crate) simulator: &'a Simulator,
}

/// The API's parts, the inbox behind them, and what says whether they are ready.
pub(crate) async fn parts(world: &World<'_>) -> (Parts, Inbox, Arc<AtomicBool>) {
    let (database, clock, entropy) = (world.database, world.clock, Entropy::seeded(7));
    let ring = KeyRing::new(KeyId::new(1), MasterKey::from_bytes(&[7; 32]));
    let file = world.folder.join("master.key");
    ring.replace(&file, &entropy).unwrap();
    let ring = SharedKeyRing::new(ring);
    let vault = TokenVault::new(&ring, entropy.clone());
    let directory = Directory::open(database.clone(), clock.clone());
    // No name leads anywhere.
    let outbound = OutboundConfig {
        names: Arc::new(FixedNames::default()),
        ..OutboundConfig::default()
    };
    let outbound = OutboundHttp::new(outbound, clock.clone()).unwrap();
    let events = events(world, &vault, &outbound, &entropy);
    let keys = KeyRotation::start(key_rotation::Parts {
        clock: clock.clone(),
        directory: directory.clone(),
        entropy: entropy.clone(),
        events: events.clone(),
        ring: ring.clone(),
        source: KeySource::File(file),
    });
    let keys = keys.await.unwrap();
    let (inbox, dispatcher) = handling(database, clock).await;
    let client = ClientConfig {
        api_root: world.simulator.api_root().parse().unwrap(),
        attempts: 1,
        ..ClientConfig::default()
    };
    let client = Client::new(client, clock.clone(), entropy.clone()).unwrap();
    let connecting = bot_connection::Parts {
        client: client.clone(),
        clock: clock.clone(),
        directory: directory.clone(),
        dispatcher: dispatcher.clone(),
        entropy: entropy.clone(),
        events: events.clone(),
        inbox: inbox.clone(),
        secrets: WebhookSecrets::new(&ring),
        vault,
    };
    let connections = BotConnections::new(connecting, connect_config(world));
    let watching = bot_health::Parts {
        client,
        clock: clock.clone(),
        connections: connections.clone(),
        database: database.clone(),
        directory: directory.clone(),
        dispatcher: dispatcher.clone(),
        entropy,
        events: events.clone(),
        names: Arc::new(FixedNames::default()),
        outbound,
        public_url: world.public_url.map(|url| url.parse().unwrap()),
    };
    let config = HealthConfig {
        looks_at_endpoint: false,
        ..HealthConfig::default()
    };
    let ready = Arc::new(AtomicBool::new(true));
    let own = Entropy::seeded(3);
    let parts = Parts {
        clock: clock.clone(),
        connections,
        entropy: own.clone(),
        events,
        health: BotHealth::new(watching, config),
        keys,
        readiness: Arc::new(Checks(Arc::clone(&ready))),
        tokens: ApiTokens::new(database.clone(), Environment::Live, clock.clone(), own),
        updates: Updates::new(inbox.clone(), dispatcher, directory.clone()),
        directory,
    };
    (parts, inbox, ready)
}

fn events(
    world: &World<'_>,
    vault: &TokenVault,
    outbound: &OutboundHttp,
    entropy: &Entropy,
) -> PlatformEvents {
    PlatformEvents::new(
        world.database.clone(),
        vault.clone(),
        outbound.clone(),
        world.clock.clone(),
        entropy.clone(),
        platform_events::Config::default(),
    )
}

async fn handling(database: &Database, clock: &Clock) -> (Inbox, Dispatcher) {
    let inbox = Inbox::start(InboxConfig::default(), database.clone(), clock.clone());
    let inbox = inbox.await.unwrap();
    let dispatcher = Dispatcher::start(
        DispatcherConfig::default(),
        Vec::new(),
        Arc::new(inbox.journal()),
        Arc::new(Nobody),
        clock.clone(),
        Entropy::seeded(7),
    );
    inbox.attach(dispatcher.clone());
    (inbox, dispatcher)
}

fn connect_config(world: &World<'_>) -> ConnectConfig {
    ConnectConfig {
        allowed_updates: UpdateKind::ALL.to_vec(),
        max_connections: 40,
        pace: world.pace,
        public_url: world.public_url.map(|url| url.parse().unwrap()),
        resolves_name: false,
    }
}

struct Nobody;

impl Perform for Nobody {
    async fn perform(&self, _: &ConnectionId, _: &Call) -> Result<(), update_dispatcher::Failure> {
        Ok(())
    }
}

struct Checks(Arc<AtomicBool>);

impl Readiness for Checks {
    fn checks(&self) -> Pin<Box<dyn Future<Output = Vec<Check>> + Send + '_>> {
        Box::pin(async {
            let ok = self.0.load(Ordering::Relaxed);
            vec![
                Check {
                    name: "inbox",
                    ok,
                    decides: true,
                },
                Check {
                    name: "bot_api",
                    ok: false,
                    decides: false,
                },
            ]
        })
    }
}
