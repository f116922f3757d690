//! Methods that nothing here acts out: known by name, recorded, answered with the least that fits.

use serde_json::{Value, json};

use crate::api::answer::{Answer, Refusal, yes};
use crate::api::call::Call;
use crate::api::messages::post;
use crate::world::World;

/// Name and return type of every method of Bot API 10.3, a line each.
const METHODS: &str = include_str!("methods.txt");

/// Answers a method by its return type; one that the Bot API does not have is refused.
pub(crate) fn answer(world: &mut World, call: &Call) -> Answer {
    let returns =
        returns(&call.method).ok_or_else(|| Refusal::new(404, "Not Found: method not found"))?;
    if !call.get("chat_id").is_empty() {
        call.chat(world)?;
    }
    match returns {
        "True" => yes(),
        "Message" | "Message|True" => message(world, call),
        "MessageId" => Ok(json!({"message_id": 1}).into()),
        "Integer" => Ok(json!(1).into()),
        "String" => Ok(json!("https://t.me/+simulated").into()),
        array if array.starts_with("Array of ") => Ok(json!([]).into()),
        _ => Ok(json!({}).into()),
    }
}

/// The return type of a method, whatever its case.
fn returns(method: &str) -> Option<&'static str> {
    METHODS.lines().find_map(|line| {
        let (name, returns) = line.split_once(' ')?;
        name.eq_ignore_ascii_case(method).then_some(returns)
    })
}

/// A message without content of its own: what `sendLocation` or `sendPoll` send is not acted out.
fn message(world: &mut World, call: &Call) -> Answer {
    let id = call.params.integer("message_id", 0, 0, i64::MAX);
    if !call.get("inline_message_id").is_empty() {
        return yes();
    }
    let chat = call.chat(world)?;
    if let Some(message) = world.dialog(call.bot, chat)?.message(id) {
        return Ok(message.clone().into());
    }
    let caption = call.get("caption");
    let content: Value = if caption.is_empty() {
        json!({})
    } else {
        json!({"caption": caption})
    };
    post(world, call, chat, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_known_by_its_return_type() {
        assert_eq!(METHODS.lines().count(), 185);
        assert_eq!(returns("BANCHATMEMBER"), Some("True"));
        assert_eq!(returns("sendEverything"), None);
    }
}
