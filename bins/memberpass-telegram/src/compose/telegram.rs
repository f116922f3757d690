//! How Telegram is spoken to.

use anyhow::Context as _;
use bot_connection::{ConnectConfig, Pace};
use clock::{Clock, Entropy};
use telegram_bot_api::{Client, ClientConfig, UpdateKind};

use crate::config::Config;

pub(crate) fn client(config: &Config, clock: &Clock, entropy: &Entropy) -> anyhow::Result<Client> {
    let client = ClientConfig {
        api_root: config.api_root.clone(),
        test_dc: config.test_dc,
        ..ClientConfig::default()
    };
    Client::new(client, clock.clone(), entropy.clone()).context("the Bot API client cannot be made")
}

/// How bots are connected.
pub(crate) fn connecting(config: &Config) -> ConnectConfig {
    // How many bots a server of one's own takes is its owner's business; if it refuses, that is heard.
    let pace = if config.custom_bot_api {
        Pace::without_new_bot_limits()
    } else {
        Pace::default()
    };
    ConnectConfig {
        allowed_updates: UpdateKind::ALL.to_vec(),
        // Telegram's own default, said aloud: an omitted value would mean the same today and something else tomorrow.
        max_connections: 40,
        pace,
        public_url: config.public_url.clone(),
        resolves_name: !config.custom_bot_api,
    }
}
