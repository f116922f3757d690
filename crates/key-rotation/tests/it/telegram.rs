//! A rotation with all that takes part in it, against a simulated Telegram.

use std::sync::Arc;
use std::time::Duration;

use bot_connection::{BotConnections, ConnectConfig, Pace, Parts};
use clock::{Clock, Entropy};
use ids::{ConnectionId, ProjectId};
use key_rotation::{Error, Step};
use telegram_bot_api::{Call, Client, ClientConfig, UpdateKind};
use telegram_simulator::{BotId, Control, Simulator, SimulatorConfig};
use update_dispatcher::{Dispatcher, DispatcherConfig, Perform};
use update_inbox::{Inbox, InboxConfig};

use super::support::{ONE, Process, TWO, World, on_every_database};

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_move_to_the_new_key_and_one_that_does_not_is_named() {
    on_every_database(async |world| {
        let server = Server::start(&world).await;
        let mut bots = Vec::new();
        for number in 0..BOTS {
            bots.push(server.connect(&world, number).await);
        }
        let before: Vec<_> = bots.iter().map(|bot| server.webhook(*bot)).collect();
        server
            .control
            .rival_sets_webhook(bots[3], "https://rival.example.com")
            .unwrap();
        let rotation = &server.process.rotation;
        rotation.add().await.unwrap();
        rotation.promote(TWO).await.unwrap();
        world.wait(60);
        assert_eq!(rotation.rewrap(|_| ()).await.unwrap().tokens, BOTS);
        assert_eq!(server.connections.drift().await.unwrap().key, BOTS);

        let (done, failed) = server.register_all(&world).await;
        assert_eq!((done, failed), (BOTS - 1, 1));
        for (number, bot) in bots.iter().enumerate().filter(|(number, _)| *number != 3) {
            let path = server.path(*bot);
            let (_, registration) = server.process.secrets.verify_path(&path).unwrap();
            assert_eq!(
                (registration.key_id, registration.generation.value()),
                (TWO, 2)
            );
            // What Telegram has under way to the address before is still genuine.
            let old = before[number].strip_prefix(BASE).unwrap();
            assert!(server.process.secrets.verify_path(old).is_some());
        }
        world.wait(601);
        let status = rotation.status().await.unwrap();
        assert_eq!(status.next, Step::Wait { registrations: 1 });
        assert_eq!(status.keys[0].held_by[0].project, project(3));
        let refused = rotation.retire(ONE).await.unwrap_err();
        assert!(matches!(refused, Error::InUse { .. }), "{refused}");

        server.connections.disconnect(&project(3)).await.unwrap();
        rotation.retire(ONE).await.unwrap();
        assert_eq!(rotation.status().await.unwrap().next, Step::Nothing);
        for (number, old) in before.iter().enumerate() {
            let old = old.strip_prefix(BASE).unwrap();
            assert!(
                server.process.secrets.verify_path(old).is_none(),
                "{number}"
            );
        }
    })
    .await;
}

/// What connects bots, over a process's keys.
struct Server {
    connections: BotConnections,
    control: Control,
    process: Process,
    _simulator: Simulator,
}

impl Server {
    async fn start(world: &World) -> Self {
        let (clock, entropy) = (world.clock.clone(), Entropy::seeded(7));
        let simulator = SimulatorConfig::new(clock.clone(), Entropy::seeded(11));
        let simulator = Simulator::start(simulator).await.unwrap();
        let control = simulator.control();
        // The simulator's own receiver takes whatever comes, for every host that it hears of from a rival.
        let (other, _) = control.new_bot("Other", "other_bot");
        control.rival_sets_webhook(other, BASE).unwrap();
        let client = ClientConfig {
            api_root: simulator.api_root().parse().unwrap(),
            ..ClientConfig::default()
        };
        let process = world.process().await.unwrap();
        let inbox = Inbox::start(
            InboxConfig::default(),
            world.database.clone(),
            clock.clone(),
        );
        let inbox = inbox.await.unwrap();
        let dispatcher = Dispatcher::start(
            DispatcherConfig::default(),
            Vec::new(),
            Arc::new(inbox.journal()),
            Arc::new(Nobody),
            clock.clone(),
            entropy.clone(),
        );
        inbox.attach(dispatcher.clone());
        let parts = Parts {
            client: Client::new(client, clock.clone(), entropy.clone()).unwrap(),
            clock,
            directory: process.directory.clone(),
            dispatcher,
            entropy,
            events: process.events.clone(),
            inbox,
            secrets: process.secrets.clone(),
            vault: process.vault.clone(),
        };
        let config = ConnectConfig {
            allowed_updates: UpdateKind::ALL.to_vec(),
            max_connections: 40,
            pace: Pace::without_new_bot_limits(),
            public_url: Some(BASE.parse().unwrap()),
            resolves_name: false,
        };
        Self {
            connections: BotConnections::new(parts, config),
            control,
            process,
            _simulator: simulator,
        }
    }

    async fn connect(&self, world: &World, number: u64) -> BotId {
        world.wait(2);
        let (bot, token) = self
            .control
            .new_bot("Helper", &format!("helper_{number}_bot"));
        let token = token.expose().parse().unwrap();
        let connected = self.connections.put_token(&project(number), &token).await;
        connected.unwrap();
        bot
    }

    /// As the server's upkeep does it, until nothing is left but what is left alone.
    async fn register_all(&self, world: &World) -> (u64, u64) {
        let (mut done, mut failed) = (0, 0);
        loop {
            world.wait(2);
            let connections = self.connections.clone();
            let share = tokio::spawn(async move { connections.reregister_due().await });
            while !share.is_finished() {
                world.hands.advance(Duration::from_millis(100));
                Clock::system().sleep(Duration::from_millis(2)).await;
            }
            let share = share.await.unwrap().unwrap();
            done += share.done;
            failed += share.failed;
            if share.left == 0 {
                return (done, failed);
            }
        }
    }

    fn webhook(&self, bot: BotId) -> String {
        let info = self.control.webhook_info(bot).unwrap();
        info["url"].as_str().unwrap().to_owned()
    }

    fn path(&self, bot: BotId) -> String {
        self.webhook(bot).strip_prefix(BASE).unwrap().to_owned()
    }
}

struct Nobody;

impl Perform for Nobody {
    async fn perform(&self, _: &ConnectionId, _: &Call) -> Result<(), update_dispatcher::Failure> {
        Ok(())
    }
}

fn project(number: u64) -> ProjectId {
    format!("prj_{number}").parse().unwrap()
}

const BOTS: u64 = 12;
const BASE: &str = "https://bots.example.com";
