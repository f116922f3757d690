//! What people do: write, tap, join, ask to join.

use std::time::Duration;

use serde_json::{Value, json};

use crate::dialog::{self, Access, ChatKind, describe_user, merge};
use crate::error::Error;
use crate::ids::{BotId, ChatId, UserId};
use crate::kinds::Kind;
use crate::world::{Query, World};

/// How long a payment question can be answered, the Bot API says.
const PRE_CHECKOUT: Duration = Duration::from_secs(10);

/// Gives a person a name, in their private chats too.
pub(crate) fn name_user(world: &mut World, id: UserId, first_name: &str, username: Option<&str>) {
    let mut user = describe_user(id, first_name);
    if let Some(username) = username {
        user["username"] = json!(username);
    }
    for ((_, chat), dialog) in &mut world.dialogs {
        if chat.0 == id.0 {
            dialog.chat = dialog::describe_chat(*chat, Some(&user));
        }
    }
    world.users.insert(id, user);
}

/// Gives a group or channel its kind and title.
pub(crate) fn describe_chat(
    world: &mut World,
    bot: BotId,
    id: ChatId,
    kind: ChatKind,
    title: &str,
    username: Option<&str>,
) -> Result<(), Error> {
    world.bot(bot)?;
    let mut chat = json!({"id": id, "type": kind, "title": title});
    if let Some(username) = username {
        chat["username"] = json!(username);
    }
    world.make_dialog(bot, id).chat = chat;
    Ok(())
}

/// A person writes a text. Writing to a bot in private is what lets it answer.
pub(crate) fn sends(
    world: &mut World,
    bot: BotId,
    chat: ChatId,
    from: UserId,
    text: &str,
) -> Result<Option<i64>, Error> {
    world.bot(bot)?;
    let date = world.clock.now().unix_seconds();
    let user = world.user(from);
    let dialog = world.make_dialog(bot, chat);
    if chat.is_private() {
        dialog.access = Access::Open;
    } else {
        dialog
            .members
            .entry(from)
            .or_insert_with(|| "member".to_owned());
    }
    let mut content = json!({"text": text});
    if let Some(entities) = command_entity(text) {
        content["entities"] = entities;
    }
    let message = dialog.add(&user, date, content);
    world.push_update(bot, "message", &message)
}

/// A person taps a button with this callback data, on the last message that has one.
pub(crate) fn taps(
    world: &mut World,
    bot: BotId,
    chat: ChatId,
    from: UserId,
    data: &str,
) -> Result<Option<i64>, Error> {
    let user = world.user(from);
    let message = world
        .dialog(bot, chat)?
        .with_button(data)
        .cloned()
        .ok_or_else(|| Error::NoButton {
            chat,
            data: data.to_owned(),
        })?;
    let id = ask(world, bot, "callback_query");
    let content = json!({
        "id": id,
        "from": user,
        "message": message,
        "chat_instance": format!("{}", chat.0.unsigned_abs().wrapping_mul(7_919)),
        "data": data,
    });
    world.push_update(bot, "callback_query", &content)
}

/// A person joins a group: a service message, and a chat_member update for bots that asked for those. Both numbers.
pub(crate) fn joins(
    world: &mut World,
    bot: BotId,
    chat: ChatId,
    user: UserId,
) -> Result<[Option<i64>; 2], Error> {
    world.bot(bot)?;
    let date = world.clock.now().unix_seconds();
    let person = world.user(user);
    let content = json!({"new_chat_members": [person]});
    let message = world.make_dialog(bot, chat).add(&person, date, content);
    let first = world.push_update(bot, "message", &message)?;
    let second = becomes_member(world, bot, chat, user, &person, json!({}))?;
    Ok([first, second])
}

/// A person asks to join a group. The bot may write to them in private from now on, as Telegram lets it.
pub(crate) fn asks_to_join(
    world: &mut World,
    bot: BotId,
    chat: ChatId,
    user: UserId,
) -> Result<Option<i64>, Error> {
    world.bot(bot)?;
    let date = world.clock.now().unix_seconds();
    let from = world.user(user);
    world.make_dialog(bot, ChatId(user.0)).access = Access::Open;
    let dialog = world.make_dialog(bot, chat);
    dialog.join_requests.insert(user);
    let content = json!({
        "chat": dialog.chat,
        "from": from,
        "user_chat_id": user,
        "date": date,
    });
    world.push_update(bot, "chat_join_request", &content)
}

/// Makes a person a member and tells the bot, if it asked for such.
pub(crate) fn becomes_member(
    world: &mut World,
    bot: BotId,
    chat: ChatId,
    user: UserId,
    by: &Value,
    more: Value,
) -> Result<Option<i64>, Error> {
    let date = world.clock.now().unix_seconds();
    let person = world.user(user);
    let dialog = world.make_dialog(bot, chat);
    let before = dialog.members.insert(user, "member".to_owned());
    let before = before.unwrap_or_else(|| "left".to_owned());
    let mut content = json!({
        "chat": dialog.chat,
        "from": by,
        "date": date,
        "old_chat_member": {"user": person, "status": before},
        "new_chat_member": {"user": person, "status": "member"},
    });
    merge(&mut content, more);
    world.push_update(bot, "chat_member", &content)
}

/// Any update at all. A query among them can be answered by its id; the chat it names comes to be.
pub(crate) fn update(
    world: &mut World,
    bot: BotId,
    kind: &str,
    content: &Value,
) -> Result<Option<i64>, Error> {
    world.bot(bot)?;
    let kind = &kind.to_ascii_lowercase();
    if let Some(id) = content.get("id").and_then(Value::as_str)
        && kind.ends_with("_query")
    {
        remember(world, bot, kind, id.to_owned());
    }
    if let Some(chat) = crate::kinds::chat(content) {
        let dialog = world.make_dialog(bot, ChatId(chat));
        if dialog.access == Access::NotStarted {
            dialog.access = Access::Open;
        }
    }
    world.push_update(bot, kind, content)
}

fn ask(world: &mut World, bot: BotId, kind: &str) -> String {
    let id = world.entropy.below(u64::MAX >> 1).to_string();
    remember(world, bot, kind, id.clone());
    id
}

fn remember(world: &mut World, bot: BotId, kind: &str, id: String) {
    let kept = Kind::find(kind).map_or(0, |kind| kind.kept_seconds.unsigned_abs());
    let time = match kind {
        "pre_checkout_query" => PRE_CHECKOUT,
        _ => Duration::from_secs(kept),
    };
    let query = Query {
        bot,
        until: world.clock.elapsed() + time,
        answer: None,
    };
    world.queries.insert(id, query);
}

/// The entity of a text that begins with a command, as Telegram marks it.
fn command_entity(text: &str) -> Option<Value> {
    let command = text.strip_prefix('/')?;
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_@".contains(character);
    let length = command
        .find(|character: char| !allowed(character))
        .unwrap_or(command.len());
    (length > 0).then(|| json!([{"type": "bot_command", "offset": 0, "length": length + 1}]))
}
