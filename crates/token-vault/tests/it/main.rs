//! What token-vault promises.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod known;
mod laws;
mod rewrap;
mod secrets;

use clock::Entropy;
use ids::{KeyId, ProjectId, TelegramBotId, TokenVersion};
use key_ring::{KeyRing, MasterKey};
use token_vault::{TokenContext, TokenVault};

fn vault(key_id: u32, key: u8) -> TokenVault {
    let ring = KeyRing::new(KeyId::new(key_id), MasterKey::from_bytes(&[key; 32]));
    TokenVault::new(&ring, Entropy::seeded(7))
}

fn project() -> ProjectId {
    "prj_7Zq".parse().unwrap()
}

fn place(project: &ProjectId) -> TokenContext<'_> {
    TokenContext {
        project,
        telegram_bot_id: TelegramBotId::new(123_456_789),
        field: TokenContext::BOT_TOKEN,
        token_version: TokenVersion::FIRST,
    }
}

const TOKEN: &[u8] = b"123456789:AAabcdefghijklmnopqrstuvwxyz0123456";
