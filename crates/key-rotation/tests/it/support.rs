//! A database, a key file, and processes that come and go over them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clock::{Clock, Entropy, ManualClock, Timestamp};
use connection_directory::{Connection, Directory, Previous, Status, Update};
use ids::{ConnectionId, Generation, KeyId, TelegramBotId};
use key_ring::{KeyRing, SharedKeyRing};
use key_rotation::{Error, KeyRotation, KeySource, Parts};
use outbound_http::{OutboundConfig, OutboundHttp};
use platform_events::PlatformEvents;
use store::{Database, Schema};
use tempfile::TempDir;
use token_vault::{TokenContext, TokenVault};
use webhook_secret::{Registration, WebhookSecrets};

/// What outlives a process.
pub(super) struct World {
    pub(super) clock: Clock,
    pub(super) database: Database,
    pub(super) folder: Arc<TempDir>,
    pub(super) hands: ManualClock,
}

/// What a process has in memory.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) directory: Directory,
    pub(super) events: PlatformEvents,
    pub(super) ring: SharedKeyRing,
    pub(super) rotation: KeyRotation,
    pub(super) secrets: WebhookSecrets,
    pub(super) vault: TokenVault,
}

pub(super) async fn on_every_database(test: impl AsyncFn(World)) {
    store::testing::on_every_database(Schema::Main, async |database| {
        test(World::new(database)).await;
    })
    .await;
}

impl World {
    pub(super) fn new(database: Database) -> Self {
        let (clock, hands) = Clock::manual();
        hands.set(NOW);
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let world = Self {
            clock,
            database,
            folder,
            hands,
        };
        KeyRing::create(&world.key_file(), &Entropy::system()).unwrap();
        world
    }

    pub(super) fn key_file(&self) -> PathBuf {
        self.folder.path().join("master.key")
    }

    pub(super) fn kept(&self) -> KeyRing {
        KeyRing::load(&self.key_file()).unwrap()
    }

    /// A process over the key file.
    pub(super) async fn process(&self) -> Result<Process, Error> {
        let ring = KeyRing::load(&self.key_file())?;
        self.process_with(ring, KeySource::File(self.key_file()))
            .await
    }

    pub(super) async fn process_with(
        &self,
        ring: KeyRing,
        source: KeySource,
    ) -> Result<Process, Error> {
        let (clock, entropy) = (self.clock.clone(), Entropy::system());
        let ring = SharedKeyRing::new(ring);
        let vault = TokenVault::new(&ring, entropy.clone());
        let directory = Directory::open(self.database.clone(), clock.clone());
        let outbound = OutboundHttp::new(OutboundConfig::default(), clock.clone()).unwrap();
        let events = PlatformEvents::new(
            self.database.clone(),
            vault.clone(),
            outbound,
            clock.clone(),
            entropy.clone(),
            platform_events::Config::default(),
        );
        let parts = Parts {
            clock,
            directory: directory.clone(),
            entropy,
            events: events.clone(),
            ring: ring.clone(),
            source,
        };
        Ok(Process {
            directory,
            events,
            rotation: KeyRotation::start(parts).await?,
            secrets: WebhookSecrets::new(&ring),
            ring,
            vault,
        })
    }

    pub(super) fn wait(&self, seconds: u64) {
        self.hands.advance(Duration::from_secs(seconds));
    }
}

impl Process {
    /// Connects the `number`-th bot of as many projects.
    pub(super) async fn connect(&self, number: u32) -> Connection {
        let mut record = Connection::connecting(
            connection_id(number),
            format!("prj_{number}").parse().unwrap(),
            TelegramBotId::new(i64::from(number) + 1),
            self.vault.primary(),
            NOW,
        );
        record.status = Status::Active;
        record.current.generation = Generation::new(1);
        let sealed = self.vault.seal(&context(&record), &token(number));
        record.sealed_token = Some(sealed);
        self.directory.connection_insert(&record).await.unwrap();
        record
    }

    /// Gives a bot a new token, unless its record is changed meanwhile.
    pub(super) async fn replace_token(&self, number: u32) -> Update {
        let mut record = self.record(number).await;
        record.token_version = record.token_version.next();
        let sealed = self.vault.seal(&context(&record), &token(number));
        record.sealed_token = Some(sealed);
        self.directory.connection_update(&mut record).await.unwrap()
    }

    /// Registers a webhook anew with the primary key, as Telegram has shown it at once.
    pub(super) async fn register(&self, number: u32, now: Timestamp) {
        loop {
            let mut record = self.record(number).await;
            record.previous = Some(Previous {
                registration: record.current,
                accepted_until: Some(now + GRACE),
            });
            record.current = Registration {
                generation: record.current.generation.next(),
                key_id: self.vault.primary(),
            };
            let written = self.directory.connection_update(&mut record).await.unwrap();
            if written == Update::Updated {
                return;
            }
        }
    }

    pub(super) async fn record(&self, number: u32) -> Connection {
        let id = connection_id(number);
        self.directory.connection_find(&id).await.unwrap().unwrap()
    }

    /// Whether the token that is stored opens, and is the one that was given.
    pub(super) fn opens(&self, record: &Connection, number: u32) -> bool {
        let sealed = record.sealed_token.as_ref().unwrap();
        let opened = self.vault.open(&context(record), sealed);
        opened.is_ok_and(|opened| *opened == token(number))
    }
}

pub(super) fn context(record: &Connection) -> TokenContext<'_> {
    TokenContext {
        project: &record.project,
        telegram_bot_id: record.telegram_bot_id,
        field: TokenContext::BOT_TOKEN,
        token_version: record.token_version,
    }
}

pub(super) fn token(number: u32) -> Vec<u8> {
    format!("{}:AAabcdefghijklmnopqrstuvwxyz0123456", number + 1).into_bytes()
}

pub(super) fn connection_id(number: u32) -> ConnectionId {
    ConnectionId::from_parts(u64::from(number), [7; 10])
}

pub(super) const ONE: KeyId = KeyId::new(1);
pub(super) const TWO: KeyId = KeyId::new(2);
pub(super) const NOW: Timestamp = Timestamp::from_unix_seconds(1_764_000_000);
/// How long a replaced registration is accepted.
pub(super) const GRACE: Duration = Duration::from_secs(600);
