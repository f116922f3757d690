//! What webhook-secret promises.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod known;
mod laws;
mod paths;
mod replaced;

use ids::{ConnectionId, Generation, KeyId, ProjectId, TelegramBotId};
use key_ring::{KeyRing, MasterKey};
use webhook_secret::{Registration, WebhookSecrets};

/// Keys 1, 2 and 3, the third primary.
fn secrets() -> WebhookSecrets {
    let keys = [7_u8, 8, 9].map(|byte| MasterKey::from_bytes(&[byte; 32]));
    let [first, second, third] = keys;
    // One ring for each id would do as well, were it not for the text form: it is the only way to choose several keys.
    let text = [
        (1, "open", first),
        (2, "open", second),
        (3, "primary", third),
    ]
    .map(|(id, state, key)| {
        let text = KeyRing::new(KeyId::new(id), key).to_text();
        let key = text.trim().rsplit(' ').next().unwrap().to_owned();
        format!("{id} {state} {key}\n")
    })
    .concat();
    let ring = KeyRing::parse(&format!("memberpass-telegram-keys v1\n{text}")).unwrap();
    WebhookSecrets::new(&ring)
}

fn connection() -> ConnectionId {
    "bot_01HZXK7M3NQ8R5T2V9W4Y6A0BC".parse().unwrap()
}

fn project() -> ProjectId {
    "prj_7Zq".parse().unwrap()
}

fn registration(generation: u32, key_id: u32) -> Registration {
    Registration {
        generation: Generation::new(generation),
        key_id: KeyId::new(key_id),
    }
}

const BOT: TelegramBotId = TelegramBotId::new(123_456_789);
