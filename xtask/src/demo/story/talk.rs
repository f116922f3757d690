//! People talk to the bot.

use anyhow::{Result, ensure};
use serde_json::json;

use super::bot::{DemoBot, SOON};
use crate::stage::Stage;
use crate::stage::process::eventually;

/// A person's private chat with the bot.
const PERSON: i64 = 4_001;
const GROUP: i64 = -1_002_000_000_001;
const NEWCOMER: i64 = 4_002;

/// Somebody writes `/start`.
pub(crate) fn message(stage: &Stage, bot: &DemoBot) -> Result<String> {
    stage.telegram.send(bot.id, PERSON, "/start")?;
    let text = bot.message_to(PERSON, 1, SOON)?;
    Ok(format!("/start -> \"{}\"", first_line(&text)))
}

/// Somebody taps a button that another service had sent long ago.
pub(crate) fn button(stage: &Stage, bot: &DemoBot) -> Result<String> {
    let keyboard = json!({"inline_keyboard": [[{"text": "Renew", "callback_data": "renew:1"}]]});
    let offer =
        json!({"chat_id": PERSON, "text": "Your membership ends soon.", "reply_markup": keyboard});
    stage.telegram.call(bot.token(), "sendMessage", &offer)?;
    let before = bot.calls("answerCallbackQuery")?.len();
    stage.telegram.tap(bot.id, PERSON, "renew:1")?;
    let text = eventually("an answer to the tap", SOON, || {
        let answers = bot.calls("answerCallbackQuery")?;
        Ok(answers
            .get(before)
            .map(|answer| answer.parameter("text").to_owned()))
    })?;
    Ok(format!("a tap -> \"{}\"", first_line(&text)))
}

/// Somebody joins a group.
pub(crate) fn new_member(stage: &Stage, bot: &DemoBot) -> Result<String> {
    stage.telegram.join(bot.id, GROUP, NEWCOMER)?;
    let text = bot.message_to(GROUP, 1, SOON)?;
    ensure!(!text.is_empty(), "the greeting is empty");
    Ok(format!("joins -> \"{}\"", first_line(&text)))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
