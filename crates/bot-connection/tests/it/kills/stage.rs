//! Telegram, the road to our servers, and the database that outlives them.

use std::collections::BTreeSet;
use std::time::Duration;

use clock::{Clock, Entropy, ManualClock};
use connection_directory::Directory;
use store::testing::on_every_empty_database;
use store::{Database, DatabaseUrl, Schema};
use telegram_simulator::{BotId, ChatId, Control, Resolution, Simulator, SimulatorConfig};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::road::Road;
use super::server::{Home, Server};
use crate::support::{self, DEADLINE};

pub(super) struct Stage {
    pub(super) control: Control,
    pub(super) clock: Clock,
    pub(super) hands: ManualClock,
    pub(super) road: Road,
    pub(super) home: Home,
    pub(super) database: Database,
    _simulator: Simulator,
    _folder: TempDir,
}

impl Stage {
    pub(super) async fn on_every_database(test: impl AsyncFn(Self)) {
        on_every_empty_database(async |url| {
            test(Self::build(&url).await).await;
        })
        .await;
    }

    async fn build(url: &DatabaseUrl) -> Self {
        let database = Database::open(url, 2).await.unwrap();
        database.migrate(Schema::Main).await.unwrap();
        let (clock, hands) = Clock::manual();
        let road = Road::build().await;
        let mut simulator = SimulatorConfig::new(clock.clone(), Entropy::system());
        simulator.resolve = vec![(HOST.to_owned(), Resolution::clear(road.address))];
        let simulator = Simulator::start(simulator).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let requests = folder.path().join("requests.db");
        let home = Home {
            database: store::testing::text_of(url),
            requests: requests.to_str().unwrap().to_owned(),
            api_root: simulator.api_root(),
        };
        let stage = Self {
            control: simulator.control(),
            clock,
            hands,
            road,
            home,
            database,
            _simulator: simulator,
            _folder: folder,
        };
        let server = stage.restart().await;
        support::has_endpoint(&server.parts.events).await;
        stage.stop(server).await;
        stage
    }

    /// A server in this process.
    pub(super) async fn restart(&self) -> Server {
        let server = Server::start(&self.home, &self.clock).await;
        self.road.leads_to(Some(server.address));
        server
    }

    pub(super) async fn stop(&self, server: Server) {
        self.road.leads_to(None);
        server.stop().await;
    }

    /// Has time pass, faster than it does.
    pub(super) fn turn(&self) -> JoinHandle<()> {
        let hands = self.hands.clone();
        tokio::spawn(async move {
            loop {
                hands.advance(Duration::from_millis(100));
                Clock::system().sleep(Duration::from_millis(1)).await;
            }
        })
    }

    /// Resumes until nothing is unfinished.
    pub(super) async fn resume_all(&self, server: &Server, context: &str) {
        let mut looks = 0;
        loop {
            server.connections.resume_unfinished().await.unwrap();
            let unfinished = server.parts.directory.connections_unfinished().await;
            if unfinished.unwrap().is_empty() {
                return;
            }
            looks += 1;
            assert!(looks < 4, "{context}: something stays unfinished");
            self.hands.advance(Duration::from_secs(10));
        }
    }

    /// Whether Telegram finds the way to our servers when it is told to use it.
    pub(super) fn resolves(&self, resolves: bool) {
        if resolves {
            let way = Resolution::clear(self.road.address);
            self.control.resolve(HOST, way).unwrap();
        } else {
            self.control.unresolve(HOST);
        }
    }

    pub(super) fn webhook(&self, bot: BotId) -> String {
        let info = self.control.webhook_info(bot).unwrap();
        info["url"].as_str().unwrap().to_owned()
    }

    pub(super) fn send(&self, bot: BotId) -> i64 {
        let sent = self
            .control
            .user_sends(bot, ChatId(1_000), "is anybody there");
        sent.unwrap().unwrap()
    }

    pub(super) async fn drained(&self, bot: BotId, all: &BTreeSet<i64>, context: &str) {
        let ledger = |ledger: &telegram_simulator::Ledger| ledger.acknowledged(bot) == *all;
        let drained = self.control.wait_for(ledger, DEADLINE).await;
        assert!(drained.is_ok(), "{context}: {drained:?}");
    }

    pub(super) fn directory(&self) -> Directory {
        Directory::open(self.database.clone(), self.clock.clone())
    }
}

/// The host of our public address.
const HOST: &str = "bots.example.com";
