//! The server, put together: each part is built from those below it. Read it from top to bottom.

mod handling;
pub(crate) mod stores;
mod telegram;
mod watching;

use std::sync::Arc;

use anyhow::Context as _;
use bot_connection::BotConnections;
use bot_health::BotHealth;
use bot_sender::BotSender;
use clock::{Clock, Entropy};
use http_listener::Listener;
use key_ring::SharedKeyRing;
use key_rotation::KeyRotation;
use management_api::{ApiTokens, Environment, ManagementApi, Updates};
use outbound_http::{OutboundConfig, OutboundHttp, SystemNames};
use platform_events::PlatformEvents;
use request_log::RequestLog;
use telegram_bot_api::Client;
use token_vault::TokenVault;
use update_dispatcher::Dispatcher;
use update_inbox::Inbox;
use webhook_ingress::{Ingress, IngressConfig};
use webhook_secret::WebhookSecrets;

use self::stores::Stores;
use self::watching::Ear;
use crate::config::Config;
use crate::readiness::InboxReadiness;
use crate::upkeep::Upkeep;
use crate::{descriptors, first_start, key_source};

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
    let ear = Ear::default();
    let kept = Stores::open(config, &ring, &clock, ear.observers()).await?;
    let ground = Ground {
        clock,
        config,
        entropy,
        kept,
    };
    let tokens = ground.api_tokens().await?;
    let sealed = ground.sealed(SharedKeyRing::new(ring)).await?;
    let client = telegram::client(config, &ground.clock, &ground.entropy)?;
    let (sender, refusals) = BotSender::new(
        client.clone(),
        ground.kept.directory.clone(),
        sealed.vault.clone(),
    );
    let dispatcher =
        handling::dispatcher(config, sender, &ground.kept, &ground.clock, &ground.entropy).await?;
    let connections = ground.connections(&client, &dispatcher, &sealed);
    let health = ground.health(client, &connections, &dispatcher, &sealed);
    ear.tell(&health);
    let api = ground.api(&connections, &dispatcher, &health, &sealed, tokens);
    let ingress = ground.ingress(sealed.secrets.clone());
    let Ground { clock, kept, .. } = ground;
    let upkeep = Upkeep {
        clock,
        connections,
        database: kept.database,
        dispatcher: dispatcher.clone(),
        events: sealed.events,
        health,
        inbox: kept.inbox.clone(),
        refusals,
        renewals: api.renewals(),
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

/// What everything stands on.
struct Ground<'a> {
    clock: Clock,
    config: &'a Config,
    entropy: Entropy,
    kept: Stores,
}

/// What seals and derives with the master keys.
struct Sealed {
    events: PlatformEvents,
    keys: KeyRotation,
    outbound: OutboundHttp,
    secrets: WebhookSecrets,
    vault: TokenVault,
}

impl Ground<'_> {
    /// Who may use the API; at the first start a token is made for the operator.
    async fn api_tokens(&self) -> anyhow::Result<ApiTokens> {
        let tokens = ApiTokens::new(
            self.kept.database.clone(),
            environment(self.config),
            self.clock.clone(),
            self.entropy.clone(),
        );
        first_start::api_token(&self.config.data_dir, &tokens).await?;
        Ok(tokens)
    }

    /// Checks that the keys are those of this database, before anything is sealed or derived.
    async fn sealed(&self, ring: SharedKeyRing) -> anyhow::Result<Sealed> {
        let vault = TokenVault::new(&ring, self.entropy.clone());
        let secrets = WebhookSecrets::new(&ring);
        let outbound = OutboundConfig {
            allow_private: self.config.allow_private_targets,
            ..OutboundConfig::default()
        };
        let outbound = OutboundHttp::new(outbound, self.clock.clone())?;
        let events = PlatformEvents::new(
            self.kept.database.clone(),
            vault.clone(),
            outbound.clone(),
            self.clock.clone(),
            self.entropy.clone(),
            platform_events::Config::default(),
        );
        let keys = KeyRotation::start(key_rotation::Parts {
            clock: self.clock.clone(),
            directory: self.kept.directory.clone(),
            entropy: self.entropy.clone(),
            events: events.clone(),
            ring,
            source: key_source::of_file(&self.config.master_key),
        })
        .await?;
        Ok(Sealed {
            events,
            keys,
            outbound,
            secrets,
            vault,
        })
    }

    fn connections(
        &self,
        client: &Client,
        dispatcher: &Dispatcher,
        sealed: &Sealed,
    ) -> BotConnections {
        let parts = bot_connection::Parts {
            client: client.clone(),
            clock: self.clock.clone(),
            directory: self.kept.directory.clone(),
            dispatcher: dispatcher.clone(),
            entropy: self.entropy.clone(),
            events: sealed.events.clone(),
            inbox: self.kept.inbox.clone(),
            secrets: sealed.secrets.clone(),
            vault: sealed.vault.clone(),
        };
        BotConnections::new(parts, telegram::connecting(self.config))
    }

    fn health(
        &self,
        client: Client,
        connections: &BotConnections,
        dispatcher: &Dispatcher,
        sealed: &Sealed,
    ) -> BotHealth {
        let parts = bot_health::Parts {
            client,
            clock: self.clock.clone(),
            connections: connections.clone(),
            database: self.kept.database.clone(),
            directory: self.kept.directory.clone(),
            dispatcher: dispatcher.clone(),
            entropy: self.entropy.clone(),
            events: sealed.events.clone(),
            names: Arc::new(SystemNames::default()),
            outbound: sealed.outbound.clone(),
            public_url: self.config.public_url.clone(),
        };
        BotHealth::new(parts, watching::watching(self.config))
    }

    /// The private listener's one service.
    fn api(
        &self,
        connections: &BotConnections,
        dispatcher: &Dispatcher,
        health: &BotHealth,
        sealed: &Sealed,
        tokens: ApiTokens,
    ) -> ManagementApi {
        let Stores {
            directory, inbox, ..
        } = &self.kept;
        ManagementApi::new(management_api::Parts {
            clock: self.clock.clone(),
            connections: connections.clone(),
            directory: directory.clone(),
            entropy: self.entropy.clone(),
            events: sealed.events.clone(),
            health: health.clone(),
            keys: sealed.keys.clone(),
            readiness: Arc::new(InboxReadiness::new(inbox.clone(), self.clock.clone())),
            tokens,
            updates: Updates::new(inbox.clone(), dispatcher.clone(), directory.clone()),
        })
    }

    /// The public listener's one service.
    fn ingress(&self, secrets: WebhookSecrets) -> Ingress {
        Ingress::new(
            secrets,
            self.kept.directory.clone(),
            self.kept.inbox.clone(),
            self.kept.request_log.clone(),
            self.clock.clone(),
            &self.entropy,
            IngressConfig::default(),
        )
    }
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
