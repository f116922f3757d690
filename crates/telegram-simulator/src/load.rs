//! Many people writing at once.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::{BotId, ChatId, UserId};
use crate::people;
use crate::world::Shared;

/// How long the crowd rests between bursts.
const PAUSE: Duration = Duration::from_millis(5);

/// Private chats of a crowd begin at this id.
const FIRST_CHAT: i64 = 7_000_000_000;

/// So many messages, at a rate, spread evenly over private chats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// How many messages in all.
    pub updates: u64,
    /// How many in a second of the simulator's clock.
    pub per_second: u64,
    /// Over how many chats.
    pub chats: u64,
}

/// Sends the load. Message `n` (from 0) has the text `load n`, in chat 7000000000 + n mod chats.
pub(crate) async fn run(shared: Arc<Shared>, bot: BotId, load: Load) {
    let began = shared.clock.elapsed();
    let mut sent = 0;
    while sent < load.updates {
        let elapsed = (shared.clock.elapsed() - began).as_millis();
        let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX);
        let wanted = (elapsed.saturating_mul(load.per_second) / 1_000 + 1).min(load.updates);
        let known = shared.change(|world| {
            (sent..wanted).all(|number| {
                let chat = FIRST_CHAT + i64::try_from(number % load.chats.max(1)).unwrap_or(0);
                let text = format!("load {number}");
                people::sends(world, bot, ChatId(chat), UserId(chat), &text).is_ok()
            })
        });
        if !known {
            tracing::warn!(bot = bot.0, sent, "load ended: the bot is gone");
            return;
        }
        sent = wanted;
        shared.clock.sleep(PAUSE).await;
    }
    tracing::info!(bot = bot.0, sent, "load ended");
}
