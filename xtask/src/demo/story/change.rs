//! The bot is connected, gets a new token, is disconnected and comes back.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::bot::{DemoBot, SOON};
use crate::stage::Stage;
use crate::stage::process::eventually;

/// Chats of people who write while nobody can listen.
const WAITING: i64 = 4_101;
const IGNORED: i64 = 4_201;

/// As long as an answer that must not come is waited for.
const SILENCE: Duration = Duration::from_millis(700);

/// A creator pastes the token.
pub(crate) fn connect(stage: &Stage, bot: &DemoBot) -> Result<String> {
    let state = stage.server.connect(bot.project, bot.token())?;
    let name = state["bot"]["name"]
        .as_str()
        .context("the API does not say the bot's name")?;
    let webhook = bot.webhook()?;
    ensure!(
        webhook.secret.len() == 43,
        "the secret token has {} characters",
        webhook.secret.len()
    );
    Ok(format!(
        "@{} is {}",
        name.trim_start_matches('@'),
        state["status"].as_str().unwrap_or_default()
    ))
}

/// BotFather gives a new token; people write before it is pasted.
pub(crate) fn rotate(stage: &Stage, bot: &mut DemoBot) -> Result<String> {
    let fresh = stage.telegram.revoke(bot.id)?;
    bot.tokens.push(fresh.token);
    let taps: Vec<String> = (0..20).map(|number| format!("rotation-{number}")).collect();
    for tap in &taps {
        stage.telegram.tap_with_id(bot.id, WAITING, tap)?;
    }
    let generations = bot.webhooks()?.len();
    stage.server.connect(bot.project, bot.token())?;
    ensure!(
        bot.webhooks()?.len() > generations,
        "the new token got no webhook"
    );
    let answered = eventually("answers to what waited at Telegram", SOON, || {
        let answered = bot.answered_taps()?;
        Ok(taps
            .iter()
            .map(|tap| answered.get(tap).copied())
            .collect::<Option<Vec<u64>>>())
    })?;
    ensure!(
        answered.is_sorted(),
        "what waited was answered out of order"
    );
    Ok(format!(
        "{} updates waited, all answered, in order",
        taps.len()
    ))
}

/// The bot is disconnected: what still comes is taken and ignored.
pub(crate) fn disconnect(stage: &Stage, bot: &DemoBot) -> Result<String> {
    let webhook = bot.webhook()?;
    stage.server.disconnect(bot.project)?;
    ensure!(
        !bot.calls("deleteWebhook")?.is_empty(),
        "the webhook is still registered"
    );
    let late = stage
        .server
        .webhook(&webhook.path, Some(&webhook.secret), &start_from(IGNORED))?;
    ensure!(
        late.status == 200,
        "a late push was answered {}",
        late.status
    );
    stage.telegram.send(bot.id, WAITING, "/start")?;
    thread::sleep(SILENCE);
    let (ignored, waiting) = (
        bot.messages_to(IGNORED)?.len(),
        bot.messages_to(WAITING)?.len(),
    );
    ensure!(
        ignored == 0 && waiting == 0,
        "the bot answered although it is disconnected"
    );
    Ok("a late push gets 200 and no answer".to_owned())
}

/// It comes back; what people wrote meanwhile waited at Telegram.
pub(crate) fn reconnect(stage: &Stage, bot: &DemoBot) -> Result<String> {
    let before = bot.webhook()?;
    stage.server.reconnect(bot.project)?;
    let after = bot.webhook()?;
    ensure!(
        before.path != after.path && before.secret != after.secret,
        "path and secret are the old ones"
    );
    bot.message_to(WAITING, 1, SOON)?;
    ensure!(
        bot.messages_to(IGNORED)?.is_empty(),
        "what was to be ignored was answered"
    );
    Ok("a new path and secret; who wrote meanwhile is answered".to_owned())
}

fn start_from(chat: i64) -> Value {
    json!({
        "update_id": 900_000_001,
        "message": {
            "message_id": 1,
            "date": 1_700_000_000,
            "chat": {"id": chat, "type": "private", "first_name": "Late"},
            "from": {"id": chat, "is_bot": false, "first_name": "Late"},
            "text": "/start",
            "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
        },
    })
}
