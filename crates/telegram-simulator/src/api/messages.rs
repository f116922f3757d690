//! Methods that write, change and delete messages.

use serde_json::{Map, Value, json};

use crate::api::answer::{Answer, Refusal, yes};
use crate::api::call::Call;
use crate::dialog::merge;
use crate::ids::ChatId;
use crate::world::World;

/// The most characters a message may have.
const LONGEST_TEXT: usize = 4_096;

/// The most bytes a button's data may have.
const LONGEST_DATA: usize = 64;

const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly the same \
    as a current content and reply markup of the message";

/// sendMessage.
pub(crate) fn send_message(world: &mut World, call: &Call) -> Answer {
    let mut content = json!({"text": text(call)?});
    let chat = call.chat(world)?;
    if let Some(markup) = inline_keyboard(call)? {
        content["reply_markup"] = markup;
    }
    post(world, call, chat, content)
}

/// Puts a message of the bot's into a chat and answers it.
pub(crate) fn post(world: &mut World, call: &Call, chat: ChatId, content: Value) -> Answer {
    let date = world.clock.now().unix_seconds();
    let from = world.bot(call.bot)?.user();
    let dialog = world.dialog(call.bot, chat)?;
    let mut content = content;
    let reply_to = serde_json::from_str::<Value>(call.get("reply_parameters"))
        .ok()
        .and_then(|parameters| parameters.get("message_id")?.as_i64());
    if let Some(message) = reply_to.and_then(|id| dialog.message(id)) {
        content["reply_to_message"] = message.clone();
    }
    Ok(dialog.add(&from, date, content).into())
}

/// editMessageText.
pub(crate) fn edit_text(world: &mut World, call: &Call) -> Answer {
    edit(world, call, json!({"text": text(call)?}))
}

/// editMessageReplyMarkup.
pub(crate) fn edit_markup(world: &mut World, call: &Call) -> Answer {
    edit(world, call, json!({}))
}

/// deleteMessage.
pub(crate) fn delete(world: &mut World, call: &Call) -> Answer {
    let chat = call.chat(world)?;
    let id = call.params.integer("message_id", 0, 0, i64::MAX);
    match world.dialog(call.bot, chat)?.remove(id) {
        Some(_) => yes(),
        None => Err(Refusal::bad("message to delete not found")),
    }
}

/// An edit replaces the keyboard too, or takes it away.
fn edit(world: &mut World, call: &Call, content: Value) -> Answer {
    let markup = inline_keyboard(call)?;
    if !call.get("inline_message_id").is_empty() {
        return yes();
    }
    let chat = call.chat(world)?;
    let date = world.clock.now().unix_seconds();
    let id = call.params.integer("message_id", 0, 0, i64::MAX);
    let message = world
        .dialog(call.bot, chat)?
        .message_mut(id)
        .ok_or_else(|| Refusal::bad("message to edit not found"))?;
    if message.pointer("/from/id") != Some(&json!(call.bot)) {
        return Err(Refusal::bad("message can't be edited"));
    }
    let mut changed = message.clone();
    merge(&mut changed, content);
    if let Some(message) = changed.as_object_mut() {
        set_or_remove(message, "reply_markup", markup);
    }
    if changed == *message {
        return Err(Refusal::bad(NOT_MODIFIED));
    }
    changed["edit_date"] = json!(date);
    message.clone_from(&changed);
    Ok(changed.into())
}

fn set_or_remove(object: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    match value {
        Some(value) => object.insert(key.to_owned(), value),
        None => object.remove(key),
    };
}

fn text(call: &Call) -> Result<&str, Refusal> {
    let text = call.get("text").trim();
    match text.chars().count() {
        0 => Err(Refusal::bad("message text is empty")),
        length if length > LONGEST_TEXT => Err(Refusal::bad("message is too long")),
        _ => Ok(text),
    }
}

/// The keyboard that a message keeps; of other kinds of markup a message shows nothing.
pub(crate) fn inline_keyboard(call: &Call) -> Result<Option<Value>, Refusal> {
    let text = call.get("reply_markup");
    if text.is_empty() {
        return Ok(None);
    }
    let markup: Value = serde_json::from_str(text)
        .map_err(|_| Refusal::bad("can't parse reply keyboard markup JSON object"))?;
    if markup.is_null() {
        return Ok(None);
    }
    if !markup.is_object() {
        return Err(Refusal::bad("object expected as reply markup"));
    }
    let Some(keyboard) = markup.get("inline_keyboard") else {
        return Ok(None);
    };
    let buttons = keyboard.as_array().into_iter().flatten();
    for button in buttons.filter_map(Value::as_array).flatten() {
        let data = button.get("callback_data").and_then(Value::as_str);
        if data.is_some_and(|data| data.is_empty() || data.len() > LONGEST_DATA) {
            return Err(Refusal::bad("BUTTON_DATA_INVALID"));
        }
    }
    Ok(Some(json!({"inline_keyboard": keyboard})))
}
