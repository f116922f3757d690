//! A whole rotation under the eyes of those who use the keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use clock::{Clock, Entropy};
use connection_directory::Update;
use ids::Generation;
use key_rotation::{Error, KeyUses, Step};
use store::{Database, DatabaseUrl, Schema};
use webhook_secret::{Registration, WebhookPath};

use super::support::{ONE, Process, TWO, World, connection_id, on_every_database, token};

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_bots_change_their_key_and_none_notices() {
    // In memory where there is such a folder: thirty thousand commits are not to wait for a disk each.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let folder = folder.unwrap();
    let url = DatabaseUrl::of_sqlite_file(folder.path().join("memberpass.db"));
    let database = Database::open(&url, 4).await.unwrap();
    database.migrate(Schema::Main).await.unwrap();
    rotate(World::new(database), 10_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_bots_do_on_every_database() {
    on_every_database(async |world| rotate(world, 1_000).await).await;
}

async fn rotate(world: World, bots: u32) {
    let process = world.process().await.unwrap();
    for number in 0..bots {
        process.connect(number).await;
    }
    let retired = key_text(&world);
    let users = Users::begin(&world, &process, bots);
    promote(&process).await;
    world.wait(60);
    let figures = rewrap(&process, bots).await;
    register(&world, &process, bots).await;
    world.wait(600);
    assert_eq!(next(&process).await, Step::Retire { key: ONE });
    process.rotation.retire(ONE).await.unwrap();
    let used = users.end().await;
    eprintln!("{bots} bots: {figures}; meanwhile {used:?}");

    assert_eq!(process.rotation.uses().await.unwrap().len(), 1);
    assert_eq!(next(&process).await, Step::Nothing);
    assert_nowhere(&world, &retired);
    // The next process begins with the new key alone, and opens everything.
    let process = world.process().await.unwrap();
    for number in 0..bots {
        assert!(process.opens(&process.record(number).await, number));
    }
}

async fn promote(process: &Process) {
    assert_eq!(next(process).await, Step::Nothing);
    assert_eq!(process.rotation.add().await.unwrap().key, TWO);
    assert_eq!(next(process).await, Step::Promote { key: TWO });
    let promoted = process.rotation.promote(TWO).await.unwrap();
    assert_eq!(promoted.before, Some(ONE));
    assert_eq!(process.vault.primary(), TWO);
}

/// Answers its figures, in words.
async fn rewrap(process: &Process, bots: u32) -> String {
    let rotation = &process.rotation;
    let watch = Clock::system();
    let mut pages = 0;
    let done = rotation.rewrap(|_| pages += 1).await.unwrap();
    let figures = format!(
        "{} rewrapped in {pages} pages and {:?}, {} left as busy",
        done.tokens,
        watch.elapsed(),
        done.busy
    );
    assert!(done.unopened_tokens.is_empty());
    while rotation.uses().await.unwrap()[&ONE].sealed_tokens > 0 {
        rotation.rewrap(|_| ()).await.unwrap();
    }
    let uses = rotation.uses().await.unwrap();
    let of_webhooks = KeyUses {
        registrations: u64::from(bots),
        ..KeyUses::default()
    };
    assert_eq!(uses[&ONE], of_webhooks);
    assert_eq!(uses[&TWO].sealed_tokens, u64::from(bots));
    assert_eq!(refused(process).await, of_webhooks);
    figures
}

/// As the server does it, a few at a time; here without Telegram.
async fn register(world: &World, process: &Process, bots: u32) {
    for number in 0..bots {
        process.register(number, world.clock.now()).await;
    }
    let replaced = KeyUses {
        previous_registrations: u64::from(bots),
        ..KeyUses::default()
    };
    assert_eq!(refused(process).await, replaced);
}

async fn refused(process: &Process) -> KeyUses {
    match process.rotation.retire(ONE).await.unwrap_err() {
        Error::InUse { key: ONE, uses } => uses,
        other => unreachable!("{other}"),
    }
}

async fn next(process: &Process) -> Step {
    process.rotation.status().await.unwrap().next
}

/// Those who use the keys all the while.
struct Users {
    ended: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    used: Arc<Used>,
}

#[derive(Debug, Default)]
struct Used {
    verified: AtomicU64,
    opened: AtomicU64,
    sealed: AtomicU64,
    overtaken: AtomicU64,
}

impl Users {
    fn begin(world: &World, process: &Process, bots: u32) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let used = Arc::new(Used::default());
        let told = Arc::new(Told::now(process, bots));
        let task = |seed| {
            let (process, clock) = (process.clone(), world.clock.clone());
            let (ended, used, told) = (Arc::clone(&ended), Arc::clone(&used), Arc::clone(&told));
            tokio::spawn(async move {
                let entropy = Entropy::seeded(seed);
                while !ended.load(Ordering::Relaxed) {
                    let number = u32::from_be_bytes(entropy.bytes()) % bots;
                    use_one(&process, &told, &clock, number, &used).await;
                    tokio::task::yield_now().await;
                }
            })
        };
        let tasks = vec![task(1), task(2)];
        Self { ended, tasks, used }
    }

    async fn end(self) -> Arc<Used> {
        self.ended.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        let used = self.used;
        for count in [&used.verified, &used.opened, &used.sealed] {
            assert!(count.load(Ordering::Relaxed) > 0, "{used:?}");
        }
        used
    }
}

/// What Telegram was told at the beginning.
struct Told(Vec<(WebhookPath, webhook_secret::SecretToken)>);

impl Told {
    fn now(process: &Process, bots: u32) -> Self {
        let tell = |number| {
            let project = format!("prj_{number}").parse().unwrap();
            let bot = ids::TelegramBotId::new(i64::from(number) + 1);
            let path = process.secrets.path(&connection_id(number), FIRST).unwrap();
            let token = process.secrets.token(&project, bot, FIRST).unwrap();
            (path, token)
        };
        Self((0..bots).map(tell).collect())
    }
}

/// A request arrives as Telegram was told, a call is made, and now and then a bot gets a new token.
async fn use_one(process: &Process, told: &Told, clock: &Clock, number: u32, used: &Used) {
    let id = connection_id(number);
    let (live, sealed) = process
        .directory
        .live_with_token(&id)
        .await
        .unwrap()
        .unwrap();
    let opened = process.vault.open(
        &token_vault::TokenContext {
            project: &live.project,
            telegram_bot_id: live.telegram_bot_id,
            field: token_vault::TokenContext::BOT_TOKEN,
            token_version: live.token_version,
        },
        &sealed.unwrap(),
    );
    assert_eq!(opened.as_deref(), Ok(&token(number)), "{number}");
    used.opened.fetch_add(1, Ordering::Relaxed);

    let (path, secret) = &told.0[number as usize];
    let (project, bot) = (&live.project, live.telegram_bot_id);
    let genuine = |path: &WebhookPath, secret: &webhook_secret::SecretToken, registration| {
        process.secrets.verify_path(path.expose()) == Some((id.clone(), registration))
            && process
                .secrets
                .verify_token(project, bot, registration, secret.expose().as_bytes())
    };
    if live.accepts(FIRST, clock.now()) && !genuine(path, secret, FIRST) {
        let now = process.directory.live(&id).await.unwrap().unwrap();
        assert!(!now.accepts(FIRST, clock.now()), "{number}");
    }
    let path = process.secrets.path(&id, live.current).unwrap();
    let secret = process.secrets.token(project, bot, live.current).unwrap();
    assert!(genuine(&path, &secret, live.current), "{number}");
    used.verified.fetch_add(1, Ordering::Relaxed);

    if number.is_multiple_of(97) {
        match process.replace_token(number).await {
            Update::Updated => used.sealed.fetch_add(1, Ordering::Relaxed),
            Update::Stale => used.overtaken.fetch_add(1, Ordering::Relaxed),
        };
    }
}

/// The first key as its file writes it.
fn key_text(world: &World) -> String {
    let text = std::fs::read_to_string(world.key_file()).unwrap();
    text.trim().rsplit(' ').next().unwrap().to_owned()
}

fn assert_nowhere(world: &World, key: &str) {
    let files: Vec<_> = std::fs::read_dir(world.folder.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "no draft is left");
    let kept = std::fs::read_to_string(world.key_file()).unwrap();
    assert!(!kept.contains(key));
    assert!(kept.contains("\n1 retired\n2 primary "));
}

const FIRST: Registration = Registration {
    generation: Generation::new(1),
    key_id: ONE,
};
