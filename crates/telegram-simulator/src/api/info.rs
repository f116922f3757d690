//! Methods that tell about the bot and its chats, and those that end its session.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::answer::{Answer, Refusal, yes};
use crate::api::call::Call;
use crate::bot::{Allowed, Standing};
use crate::dialog::merge;
use crate::ids::UserId;
use crate::world::World;

/// An instance that is younger cannot be closed.
const CLOSE_PAUSE: Duration = Duration::from_secs(600);

/// getMe.
pub(crate) fn me(world: &mut World, call: &Call) -> Answer {
    let mut me = world.bot(call.bot)?.user();
    merge(
        &mut me,
        json!({
            "can_join_groups": true,
            "can_read_all_group_messages": false,
            "supports_inline_queries": false,
            "can_connect_to_business": false,
            "has_main_web_app": false,
        }),
    );
    Ok(me.into())
}

/// logOut: the token is refused from now on, and what was queued is gone.
pub(crate) fn log_out(world: &mut World, call: &Call) -> Answer {
    let bot = world.bot(call.bot)?;
    bot.erase_webhook();
    bot.end_setting(400, "Logged out");
    bot.end_poll(400, "Logged out");
    bot.allowed = Allowed::Default;
    bot.standing = Standing::LoggedOut;
    world.drop_updates(call.bot, |_| true);
    yes()
}

/// close: refused in the first ten minutes; afterwards only the memory of errors is lost, the next call starts anew.
pub(crate) fn close(world: &mut World, call: &Call) -> Answer {
    let now = world.clock.elapsed();
    let bot = world.bot(call.bot)?;
    let left = (bot.logged_in + CLOSE_PAUSE).saturating_sub(now);
    if !left.is_zero() {
        let seconds = u32::try_from(left.as_secs()).unwrap_or(600).max(1);
        return Err(Refusal::too_many(seconds));
    }
    bot.logged_in = now;
    bot.synchronization_error = None;
    if let Some(webhook) = &mut bot.webhook {
        webhook.last_error = None;
    }
    yes()
}

/// getChat.
pub(crate) fn chat(world: &mut World, call: &Call) -> Answer {
    let chat = call.chat(world)?;
    let mut full = world.dialog(call.bot, chat)?.chat.clone();
    merge(
        &mut full,
        json!({
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": {
                "unlimited_gifts": false,
                "limited_gifts": false,
                "unique_gifts": false,
                "premium_subscription": false,
                "gifts_from_channels": false,
            },
        }),
    );
    Ok(full.into())
}

/// getChatMember.
pub(crate) fn chat_member(world: &mut World, call: &Call) -> Answer {
    let chat = call.chat(world)?;
    let user = UserId(call.params.integer("user_id", 0, 0, i64::MAX));
    if user.0 == call.bot.0 {
        let user = world.bot(call.bot)?.user();
        return Ok(json!({"user": user, "status": "member"}).into());
    }
    let status = world
        .dialog(call.bot, chat)?
        .members
        .get(&user)
        .cloned()
        .or_else(|| (chat.0 == user.0).then(|| "member".to_owned()));
    match (status, world.users.get(&user)) {
        (Some(status), Some(user)) => Ok(json!({"user": user, "status": status}).into()),
        (None, Some(user)) => Ok(json!({"user": user, "status": "left"}).into()),
        (_, None) => Err(Refusal::bad("PARTICIPANT_ID_INVALID")),
    }
}

/// setMyCommands.
pub(crate) fn set_commands(world: &mut World, call: &Call) -> Answer {
    let commands: Value = serde_json::from_str(call.get("commands"))
        .map_err(|_| Refusal::bad("can't parse commands JSON object"))?;
    if !commands.is_array() {
        return Err(Refusal::bad("expected an Array of BotCommand"));
    }
    let key = scope(call);
    world.bot(call.bot)?.commands.insert(key, commands);
    yes()
}

/// getMyCommands.
pub(crate) fn commands(world: &mut World, call: &Call) -> Answer {
    let commands = world.bot(call.bot)?.commands.get(&scope(call)).cloned();
    Ok(commands.unwrap_or_else(|| json!([])).into())
}

/// deleteMyCommands.
pub(crate) fn delete_commands(world: &mut World, call: &Call) -> Answer {
    let key = scope(call);
    world.bot(call.bot)?.commands.remove(&key);
    yes()
}

fn scope(call: &Call) -> String {
    let scope = serde_json::from_str::<Value>(call.get("scope")).ok();
    let scope = scope
        .filter(|scope| scope.get("type") != Some(&json!("default")))
        .map(|scope| scope.to_string());
    format!(
        "{}/{}",
        scope.unwrap_or_default(),
        call.get("language_code")
    )
}
