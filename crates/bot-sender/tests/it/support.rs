//! A simulated Telegram, a directory and a sender, with a clock that is turned by hand.

use std::net::TcpListener;

use bot_sender::{BotSender, TokenRefusals};
use clock::{Clock, Entropy};
use connection_directory::{Connection, Directory, Status};
use ids::{ConnectionId, KeyId, TelegramBotId};
use key_ring::{KeyRing, MasterKey};
use store::Schema;
use store::testing::on_every_database;
use telegram_bot_api::{Call, Client, ClientConfig};
use telegram_simulator::{BotId, Control, Simulator, SimulatorConfig, Token};
use token_vault::{TokenContext, TokenVault};

pub(crate) struct Place {
    pub(crate) control: Control,
    pub(crate) directory: Directory,
    pub(crate) refusals: TokenRefusals,
    pub(crate) sender: BotSender,
    vault: TokenVault,
    clock: Clock,
    _simulator: Simulator,
}

/// Runs a test on a fresh database of each kind.
pub(crate) async fn on_both(test: impl AsyncFn(Place)) {
    on_every_database(Schema::Main, async |database| {
        let (clock, _) = Clock::manual();
        let simulator = SimulatorConfig::new(clock.clone(), Entropy::seeded(11));
        let simulator = Simulator::start(simulator).await.unwrap();
        let client = ClientConfig {
            api_root: simulator.api_root().parse().unwrap(),
            // What a repetition would mend shall be seen.
            attempts: 1,
            ..ClientConfig::default()
        };
        let client = Client::new(client, clock.clone(), Entropy::seeded(1)).unwrap();
        let directory = Directory::open(database, clock.clone());
        let vault = vault(1);
        let (sender, refusals) = BotSender::new(client, directory.clone(), vault.clone());
        let control = simulator.control();
        test(Place {
            control,
            directory,
            refusals,
            sender,
            vault,
            clock,
            _simulator: simulator,
        })
        .await;
    })
    .await;
}

impl Place {
    /// A bot whose token is sealed into a record of this status.
    pub(crate) async fn bot(&self, status: Status) -> (ConnectionId, BotId) {
        let (bot, token) = self.control.new_bot("Helper", "helper_bot");
        (self.record(bot, &token, status, &self.vault).await, bot)
    }

    /// A sender over the same records, for which there is no Telegram.
    pub(crate) fn unreachable(&self) -> BotSender {
        unreachable(&self.clock, self.directory.clone(), self.vault.clone())
    }

    pub(crate) async fn record(
        &self,
        bot: BotId,
        token: &Token,
        status: Status,
        vault: &TokenVault,
    ) -> ConnectionId {
        let id =
            ConnectionId::from_parts(1, bot.0.to_be_bytes().repeat(2)[..10].try_into().unwrap());
        let project = format!("prj_{}", bot.0).parse().unwrap();
        let telegram_bot_id = TelegramBotId::new(bot.0);
        let key = KeyId::new(1);
        let now = self.clock.now();
        let mut record = Connection::connecting(id, project, telegram_bot_id, key, now);
        let context = TokenContext {
            project: &record.project,
            telegram_bot_id,
            field: TokenContext::BOT_TOKEN,
            token_version: record.token_version,
        };
        record.sealed_token = Some(vault.seal(&context, token.expose().as_bytes()));
        record.status = status;
        self.directory.connection_insert(&record).await.unwrap();
        record.id
    }
}

/// A sender whose calls go where nothing listens.
pub(crate) fn unreachable(clock: &Clock, directory: Directory, vault: TokenVault) -> BotSender {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let client = ClientConfig {
        api_root: nobody.parse().unwrap(),
        attempts: 1,
        ..ClientConfig::default()
    };
    let client = Client::new(client, clock.clone(), Entropy::seeded(1)).unwrap();
    BotSender::new(client, directory, vault).0
}

pub(crate) fn vault(key: u8) -> TokenVault {
    let ring = KeyRing::new(KeyId::new(1), MasterKey::from_bytes(&[key; 32]));
    TokenVault::new(&ring, Entropy::seeded(2))
}

pub(crate) fn call(method: &'static str, params: serde_json::Value) -> Call {
    Call::new(method, serde_json::from_value(params).unwrap())
}
