//! The server, put together: each part is built from those below it. Read it from top to bottom.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bot_connection::{BotConnections, ConnectConfig, Pace, Parts};
use bot_health::{BotHealth, HealthConfig};
use bot_sender::BotSender;
use clock::{Clock, Entropy};
use connection_directory::Directory;
use http_listener::Listener;
use key_ring::{KeyRing, SharedKeyRing};
use key_rotation::{KeyRotation, KeySource};
use management_api::{ApiTokens, Environment, ManagementApi, Updates};
use outbound_http::{OutboundConfig, OutboundHttp, SystemNames};
use platform_events::PlatformEvents;
use request_log::RequestLog;
use store::{Database, Schema, SoleProcess};
use telegram_bot_api::{Client, ClientConfig, UpdateKind};
use token_vault::TokenVault;
use update_dispatcher::{Dispatcher, DispatcherConfig, Stage};
use update_inbox::{Inbox, InboxConfig};
use webhook_ingress::{Ingress, IngressConfig};
use webhook_secret::WebhookSecrets;

use crate::config::Config;
use crate::journal::LoggedJournal;
use crate::performing::NotedSender;
use crate::readiness::InboxReadiness;
use crate::upkeep::Upkeep;
use crate::{descriptors, first_start, greeting};

/// A server that is ready to serve.
pub(crate) struct Server {
    pub(crate) api: ManagementApi,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) inbox: Inbox,
    pub(crate) ingress: Ingress,
    pub(crate) private: Listener,
    pub(crate) public: Listener,
    pub(crate) request_log: RequestLog,
    /// Holds the claim on the database too: no other process serves it meanwhile.
    pub(crate) upkeep: Upkeep,
}

/// Builds the server. Both sockets are bound and the database is ours when the first update is handled, and nothing can
/// fail after that.
pub(crate) async fn server(
    config: &Config,
    clock: Clock,
    entropy: Entropy,
) -> anyhow::Result<Server> {
    let (public, private) = listeners(config, &clock).await?;
    first_start::data_dir(&config.data_dir)?;
    let ring = first_start::key_ring(config, &entropy)?;
    let kept = stores(config, &ring, &clock).await?;
    let ring = SharedKeyRing::new(ring);
    let tokens = api_tokens(config, &kept, &clock, &entropy).await?;
    let vault = TokenVault::new(&ring, entropy.clone());
    let secrets = WebhookSecrets::new(&ring);
    let outbound = OutboundHttp::new(OutboundConfig::default(), clock.clone())?;
    let events = PlatformEvents::new(
        kept.database.clone(),
        vault.clone(),
        outbound.clone(),
        clock.clone(),
        entropy.clone(),
        platform_events::Config::default(),
    );
    // Before anything is sealed or derived.
    let keys = KeyRotation::start(key_rotation::Parts {
        clock: clock.clone(),
        directory: kept.directory.clone(),
        entropy: entropy.clone(),
        events: events.clone(),
        ring,
        source: KeySource::File(config.master_key.clone()),
    })
    .await?;
    let client = client(config, &clock, &entropy)?;
    let (sender, refusals) = BotSender::new(client.clone(), kept.directory.clone(), vault.clone());
    let dispatcher = dispatcher(stages(config), sender, &kept, &clock, &entropy).await?;

    let parts = Parts {
        client: client.clone(),
        clock: clock.clone(),
        directory: kept.directory.clone(),
        dispatcher: dispatcher.clone(),
        entropy: entropy.clone(),
        events: events.clone(),
        inbox: kept.inbox.clone(),
        secrets: secrets.clone(),
        vault,
    };
    let connections = BotConnections::new(parts, connecting(config));
    let updates = Updates::new(
        kept.inbox.clone(),
        dispatcher.clone(),
        kept.directory.clone(),
    );
    let health = BotHealth::new(
        bot_health::Parts {
            client,
            clock: clock.clone(),
            connections: connections.clone(),
            database: kept.database.clone(),
            directory: kept.directory.clone(),
            dispatcher: dispatcher.clone(),
            entropy: entropy.clone(),
            events: events.clone(),
            names: Arc::new(SystemNames::default()),
            outbound,
            public_url: config.public_url.clone(),
        },
        HealthConfig {
            looks_at_endpoint: !config.custom_bot_api,
            ..HealthConfig::default()
        },
    );
    let api = ManagementApi::new(management_api::Parts {
        clock: clock.clone(),
        connections: connections.clone(),
        directory: kept.directory.clone(),
        entropy: entropy.clone(),
        events,
        health,
        keys,
        readiness: Arc::new(InboxReadiness::new(kept.inbox.clone(), clock.clone())),
        tokens,
        updates,
    });
    let ingress = Ingress::new(
        secrets,
        kept.directory,
        kept.inbox.clone(),
        kept.request_log.clone(),
        clock.clone(),
        &entropy,
        IngressConfig::default(),
    );
    let upkeep = Upkeep {
        clock,
        connections,
        database: kept.database,
        dispatcher: dispatcher.clone(),
        inbox: kept.inbox.clone(),
        refusals,
        sole: kept.sole,
    };
    Ok(Server {
        api,
        dispatcher,
        inbox: kept.inbox,
        ingress,
        private,
        public,
        request_log: kept.request_log,
        upkeep,
    })
}

/// What the server keeps on disk.
struct Stores {
    database: Database,
    directory: Directory,
    inbox: Inbox,
    request_log: RequestLog,
    sole: SoleProcess,
}

/// Opens what the server keeps on disk: the database is ours alone, and was written with these keys.
async fn stores(config: &Config, ring: &KeyRing, clock: &Clock) -> anyhow::Result<Stores> {
    let database = Database::open(&config.database, POOL).await?;
    // Before anything is migrated: the tables of a process that still serves must not change under it.
    let sole = database.sole_process().await?;
    prepare(&database, Schema::Main).await?;
    let requests = Database::open(&config.requests_database, 2).await?;
    prepare(&requests, Schema::Requests).await?;
    let directory = Directory::open(database.clone(), clock.clone());
    directory.key_checks_verify(ring).await?;
    let logging = request_log::Config::default();
    let request_log = RequestLog::start(requests, logging, clock.clone()).await?;
    let inbox = InboxConfig {
        keep_failed: config.keep_failed,
        ..InboxConfig::default()
    };
    let inbox = Inbox::start(inbox, database.clone(), clock.clone()).await?;
    Ok(Stores {
        database,
        directory,
        inbox,
        request_log,
        sole,
    })
}

/// Who may use the API; at the first start a token is made for the operator.
async fn api_tokens(
    config: &Config,
    kept: &Stores,
    clock: &Clock,
    entropy: &Entropy,
) -> anyhow::Result<ApiTokens> {
    let database = kept.database.clone();
    let (clock, entropy) = (clock.clone(), entropy.clone());
    let tokens = ApiTokens::new(database, environment(config), clock, entropy);
    first_start::api_token(&config.data_dir, &tokens).await?;
    Ok(tokens)
}

/// Starts handling what the inbox holds, the updates of disconnected and of paused bots excepted.
async fn dispatcher(
    stages: Vec<Arc<dyn Stage>>,
    sender: BotSender,
    kept: &Stores,
    clock: &Clock,
    entropy: &Entropy,
) -> anyhow::Result<Dispatcher> {
    let (directory, inbox) = (&kept.directory, &kept.inbox);
    let journal = LoggedJournal {
        inbox: inbox.journal(),
        log: kept.request_log.clone(),
    };
    let disconnected = directory.connections_disconnected_ids().await?;
    // Learns whether anything can be written before the first call is made; what fails here is logged by the inbox.
    let _ = clock.timeout(FIRST_WRITE, inbox.ready()).await;
    let dispatcher = Dispatcher::start(
        DispatcherConfig::default(),
        stages,
        Arc::new(journal),
        Arc::new(NotedSender {
            inbox: inbox.clone(),
            sender,
        }),
        clock.clone(),
        entropy.clone(),
    );
    for connection in disconnected {
        dispatcher.pause(&connection);
        inbox.park(&connection);
    }
    for connection in inbox.held() {
        dispatcher.pause(&connection);
    }
    inbox.attach(dispatcher.clone());
    Ok(dispatcher)
}

/// Binds both sockets, and shares out among them what the process may have open.
async fn listeners(config: &Config, clock: &Clock) -> anyhow::Result<(Listener, Listener)> {
    let (public, private) = descriptors::share();
    let bind = async |key, address, limits| {
        Listener::bind(address, limits, clock.clone())
            .await
            .with_context(|| format!("give another address with --{key}, or end what has this one"))
    };
    let public = bind("public-listen", config.public_listen, public).await?;
    let private = bind("private-listen", config.private_listen, private).await?;
    Ok((public, private))
}

/// Which of the platform's environments API tokens belong to.
pub(crate) fn environment(config: &Config) -> Environment {
    if config.test_dc {
        Environment::Test
    } else {
        Environment::Live
    }
}

/// What handles updates, in order. A project's own replies and its forward will stand before the greeting.
fn stages(config: &Config) -> Vec<Arc<dyn Stage>> {
    let mut stages: Vec<Arc<dyn Stage>> = Vec::new();
    if config.greeting {
        stages.push(Arc::new(greeting::router()));
    }
    stages
}

/// Sees to a database's tables: SQLite's are made here, Postgres's by the operator.
async fn prepare(database: &Database, schema: Schema) -> anyhow::Result<()> {
    if database.url().sqlite_file().is_some() {
        for name in database.migrate(schema).await? {
            tracing::info!(migration = name, "applied a migration");
        }
    }
    let waiting = database
        .migrations(schema)
        .await?
        .into_iter()
        .find(|migration| !migration.applied);
    if let Some(migration) = waiting {
        anyhow::bail!(
            "the database lacks the migration {}: run `memberpass-telegram migrate` with the same --database-url",
            migration.name
        );
    }
    Ok(())
}

fn client(config: &Config, clock: &Clock, entropy: &Entropy) -> anyhow::Result<Client> {
    let client = ClientConfig {
        api_root: config.api_root.clone(),
        test_dc: config.test_dc,
        ..ClientConfig::default()
    };
    Client::new(client, clock.clone(), entropy.clone()).context("the Bot API client cannot be made")
}

fn connecting(config: &Config) -> ConnectConfig {
    // How many bots a server of one's own takes is its owner's business; if it refuses, that is heard.
    let pace = if config.custom_bot_api {
        Pace::without_new_bot_limits()
    } else {
        Pace::default()
    };
    ConnectConfig {
        allowed_updates: UpdateKind::ALL.to_vec(),
        // Telegram's own default, said aloud: an omitted value would mean the same today and something else tomorrow.
        max_connections: 40,
        pace,
        public_url: config.public_url.clone(),
        resolves_name: !config.custom_bot_api,
    }
}

/// How long the first write may take before updates are handled all the same.
const FIRST_WRITE: Duration = Duration::from_secs(5);

/// Connections for everything but the webhook path, which has its own.
pub(crate) const POOL: u32 = 8;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::command::migrate;
    use crate::config::Sources;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_database_that_another_process_serves_is_not_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let flags = BTreeMap::from([("data-dir", folder.path().to_str().unwrap().to_owned())]);
        let sources = Sources::read(flags, std::iter::empty()).unwrap();
        let config = Config::from_sources(&sources).unwrap();
        let entropy = Entropy::system();
        let ring = first_start::key_ring(&config, &entropy).unwrap();

        let database = Database::open(&config.database, 1).await.unwrap();
        let claim = database.sole_process().await.unwrap();
        let untouched = async || {
            let migrations = database.migrations(Schema::Main).await.unwrap();
            migrations.iter().all(|migration| !migration.applied)
        };
        let refused = stores(&config, &ring, &Clock::system()).await;
        let refused = refused.err().unwrap();
        assert!(
            refused.downcast_ref::<store::Error>().is_some(),
            "{refused}"
        );
        assert!(untouched().await);
        assert!(migrate::run(&config).await.is_err());
        assert!(untouched().await);

        drop(claim);
        migrate::run(&config).await.unwrap();
        assert!(!untouched().await);
        // The command has let go of its claim.
        let opened = stores(&config, &ring, &Clock::system()).await.unwrap();
        opened.inbox.close().await;
        opened.request_log.close().await;
    }
}
