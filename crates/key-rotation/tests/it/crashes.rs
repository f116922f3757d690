//! Steps in any order, several at once, cut off anywhere: whatever is stored opens with the keys that are kept.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use clock::Clock;
use futures_util::future::join_all;
use key_rotation::{KeyRotation, KeySource, Step};
use proptest::prelude::*;
use store::{Database, DatabaseUrl, Schema};

use super::support::{NOW, Process, World};

#[derive(Clone, Copy, Debug)]
enum Act {
    Add,
    Promote,
    Rewrap,
    Retire,
    Reload,
    Connect,
    ReplaceToken(u32),
    Register(u32),
    Wait,
}

/// What is done at once, and after how many polls the process dies meanwhile, if it does.
type Turn = (Vec<Act>, Option<u32>);

fn turns() -> impl Strategy<Value = Turn> {
    let act = prop_oneof![
        2 => Just(Act::Add),
        3 => Just(Act::Promote),
        3 => Just(Act::Rewrap),
        3 => Just(Act::Retire),
        1 => Just(Act::Reload),
        2 => Just(Act::Connect),
        1 => any::<u32>().prop_map(Act::ReplaceToken),
        2 => any::<u32>().prop_map(Act::Register),
    ];
    let turn = prop_oneof![
        1 => Just(vec![Act::Wait]),
        4 => prop::collection::vec(act, 1..4),
    ];
    (turn, prop::option::weighted(0.4, 0..60_u32))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn no_token_is_ever_without_its_key(turns in prop::collection::vec(turns(), 1..24)) {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let mut lives = Lives::begin(folder);
        let mut turns = turns.into_iter().peekable();
        while turns.peek().is_some() {
            lives.live(&mut turns);
        }
        lives.end();
    }
}

/// One database and one key file, through many processes.
struct Lives {
    clock: Clock,
    hands: clock::ManualClock,
    folder: Arc<tempfile::TempDir>,
    bots: u32,
    processes: u32,
}

impl Lives {
    fn begin(folder: tempfile::TempDir) -> Self {
        let (clock, hands) = Clock::manual();
        hands.set(NOW);
        let lives = Self {
            clock,
            hands,
            folder: Arc::new(folder),
            bots: 0,
            processes: 0,
        };
        key_ring::KeyRing::create(
            &lives.folder.path().join("master.key"),
            &clock::Entropy::system(),
        )
        .unwrap();
        lives
    }

    /// One process: until it dies, or there is nothing left to do.
    fn live(&mut self, turns: &mut impl Iterator<Item = Turn>) {
        // Dropping it ends all tasks, and waits for a write of the key file that has begun.
        let runtime = runtime();
        runtime.block_on(async {
            self.processes += 1;
            let writes = !self.processes.is_multiple_of(3);
            let (world, process) = self.start(writes).await;
            for (acts, dies) in turns {
                let acts = acts.into_iter().map(|act| {
                    self.bots += u32::from(matches!(act, Act::Connect));
                    carry_out(&world, &process, act, self.bots)
                });
                if cut_off(join_all(acts), dies).await.is_none() {
                    return;
                }
                assert_all_open(&process).await;
            }
        });
    }

    /// A start is never refused, and every token there is opens.
    ///
    /// A process that cannot write the key file leaves what one leaves that dies right before: no future is cut off there.
    async fn start(&self, writes: bool) -> (World, Process) {
        let url = DatabaseUrl::of_sqlite_file(self.folder.path().join("memberpass.db"));
        let database = Database::open(&url, 2).await.unwrap();
        database.migrate(Schema::Main).await.unwrap();
        let world = World {
            clock: self.clock.clone(),
            database,
            folder: Arc::clone(&self.folder),
            hands: self.hands.clone(),
        };
        let process = if writes {
            world.process().await
        } else {
            world
                .process_with(world.kept(), self.unwritable(&world))
                .await
        };
        let process = process.unwrap();
        assert_all_open(&process).await;
        (world, process)
    }

    /// The key file under a name so long that no draft can have a longer one.
    fn unwritable(&self, world: &World) -> KeySource {
        let path = self.folder.path().join("k".repeat(250));
        let _ = std::fs::remove_file(&path);
        std::fs::hard_link(world.key_file(), &path).unwrap();
        KeySource::File(path)
    }

    /// However far it came, the same steps end it.
    fn end(&self) {
        runtime().block_on(async {
            let (world, process) = self.start(true).await;
            let rotation = &process.rotation;
            for _ in 0..20 {
                match rotation.status().await.unwrap().next {
                    Step::Promote { key } => drop(rotation.promote(key).await.unwrap()),
                    Step::Rewrap { .. } => drop(rotation.rewrap(|_| ()).await.unwrap()),
                    Step::Retire { key } => {
                        world.wait(60);
                        rotation.retire(key).await.unwrap();
                    }
                    Step::Wait { .. } => {
                        for record in process.directory.connections_list(None, 100).await.unwrap() {
                            let number = record.telegram_bot_id.value() as u32 - 1;
                            process.register(number, world.clock.now()).await;
                        }
                        world.wait(600);
                    }
                    Step::Nothing => break,
                    other => assert_eq!(other, Step::Nothing),
                }
            }
            assert_eq!(rotation.status().await.unwrap().next, Step::Nothing);
            assert_eq!(world.kept().ids().count(), 1);
            assert_all_open(&process).await;
        });
    }
}

/// What is refused is refused: only what is stored matters here.
async fn carry_out(world: &World, process: &Process, act: Act, bots: u32) {
    let rotation = &process.rotation;
    let there = process.directory.connections_list(None, 100).await.unwrap();
    let some = |choice: u32| {
        let record = there.get(choice as usize % there.len().max(1))?;
        Some(record.telegram_bot_id.value() as u32 - 1)
    };
    match act {
        Act::Add => drop(rotation.add().await),
        Act::Promote => {
            if let Some(key) = key(rotation, key_ring::KeyState::Open, true).await {
                drop(rotation.promote(key).await);
            }
        }
        Act::Rewrap => drop(rotation.rewrap(|_| ()).await),
        Act::Retire => {
            if let Some(key) = key(rotation, key_ring::KeyState::Open, false).await {
                drop(rotation.retire(key).await);
            }
        }
        Act::Reload => drop(rotation.reload().await),
        Act::Connect => drop(process.connect(bots).await),
        Act::ReplaceToken(choice) => {
            if let Some(number) = some(choice) {
                let _ = process.replace_token(number).await;
            }
        }
        Act::Register(choice) => {
            if let Some(number) = some(choice) {
                process.register(number, world.clock.now()).await;
            }
        }
        Act::Wait => world.wait(601),
    }
}

/// The newest, or the oldest, of this state.
async fn key(
    rotation: &KeyRotation,
    state: key_ring::KeyState,
    newest: bool,
) -> Option<ids::KeyId> {
    let status = rotation.status().await.unwrap();
    let mut keys = status.keys.iter().filter(|key| key.state == state);
    let found = if newest {
        keys.next_back()
    } else {
        keys.next()
    };
    found.map(|key| key.key)
}

async fn assert_all_open(process: &Process) {
    for record in process.directory.connections_list(None, 100).await.unwrap() {
        let number = record.telegram_bot_id.value() as u32 - 1;
        assert!(process.opens(&record, number), "{record:?}");
        let registered = process.secrets.path(&record.id, record.current);
        assert!(registered.is_some(), "{record:?}");
    }
}

/// Polls a future as often as that, and then no more.
async fn cut_off<F: Future>(future: F, after: Option<u32>) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = after;
    poll_fn(|cx| {
        if let Some(left) = &mut left {
            match left.checked_sub(1) {
                Some(fewer) => *left = fewer,
                None => return Poll::Ready(None),
            }
        }
        future.as_mut().poll(cx).map(Some)
    })
    .await
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}
