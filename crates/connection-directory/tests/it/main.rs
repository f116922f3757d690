//! What connection-directory promises, on SQLite and on Postgres alike.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod finding;
mod keys;
mod live;
mod registered;
mod riding;
mod writing;

use clock::{Clock, Entropy, ManualClock, Timestamp};
use connection_directory::{Connection, Directory, Status};
use ids::{ConnectionId, Generation, KeyId, ProjectId, TelegramBotId, TokenVersion};
use key_ring::{KeyRing, MasterKey};
use store::{Database, Schema};
use token_vault::{SealedToken, TokenContext, TokenVault};
use webhook_secret::Registration;

async fn on_every_database(test: impl AsyncFn(Directory, Database, ManualClock)) {
    store::testing::on_every_database(Schema::Main, async |database| {
        let (clock, hands) = Clock::manual();
        hands.set(NOW);
        test(Directory::open(database.clone(), clock), database, hands).await;
    })
    .await;
}

/// The `number`-th bot of as many projects.
fn connection(number: u8) -> Connection {
    let mut connection = Connection::connecting(
        ConnectionId::from_parts(u64::from(number), [number; 10]),
        project(number),
        TelegramBotId::new(i64::from(number)),
        KeyId::new(1),
        NOW,
    );
    connection.current = registration(1, 1);
    connection
}

fn disconnected(number: u8) -> Connection {
    Connection {
        status: Status::Disconnected,
        disconnected_at: Some(NOW),
        ..connection(number)
    }
}

fn project(number: u8) -> ProjectId {
    format!("prj_{number}").parse().unwrap()
}

fn registration(generation: u32, key_id: u32) -> Registration {
    Registration {
        generation: Generation::new(generation),
        key_id: KeyId::new(key_id),
    }
}

fn sealed_under(key_id: u32) -> SealedToken {
    let ring = KeyRing::new(KeyId::new(key_id), MasterKey::from_bytes(&[1; 32]));
    let context = TokenContext {
        project: &project(1),
        telegram_bot_id: TelegramBotId::new(1),
        field: TokenContext::BOT_TOKEN,
        token_version: TokenVersion::FIRST,
    };
    TokenVault::new(&ring, Entropy::seeded(1)).seal(&context, b"1:A")
}

const NOW: Timestamp = Timestamp::from_unix_seconds(1_764_000_000);
