//! Which method does what.

use std::time::Duration;

use serde_json::Value;

use crate::api::answer::{Answer, envelope};
use crate::api::call::Call;
use crate::api::{answers, info, media, messages, rest, webhook};
use crate::ids::BotId;
use crate::ledger::us;
use crate::params::Params;
use crate::records::{CallRecord, UploadRecord, Via};
use crate::world::World;

/// Does a call and writes it down. Everything but getUpdates, which may wait.
pub(crate) fn perform(world: &mut World, call: &Call) -> Answer {
    let at = world.clock.elapsed();
    let answer = execute(world, call);
    record(world, call, at, &answer);
    answer
}

/// Does a call.
pub(crate) fn execute(world: &mut World, call: &Call) -> Answer {
    let method = call.method.to_ascii_lowercase();
    if let Some(answer) = world.answers.get(&method) {
        return Ok(answer.clone().into());
    }
    match method.as_str() {
        "getme" => info::me(world, call),
        "setwebhook" => webhook::set(world, call),
        "deletewebhook" => webhook::delete(world, call),
        "getwebhookinfo" => webhook::info(world, call),
        "logout" => info::log_out(world, call),
        "close" => info::close(world, call),
        "sendmessage" => messages::send_message(world, call),
        "editmessagetext" => messages::edit_text(world, call),
        "editmessagereplymarkup" => messages::edit_markup(world, call),
        "deletemessage" => messages::delete(world, call),
        "answercallbackquery" => answers::query(world, call, "callback_query_id"),
        "answerinlinequery" => answers::query(world, call, "inline_query_id"),
        "answershippingquery" => answers::query(world, call, "shipping_query_id"),
        "answerprecheckoutquery" => answers::query(world, call, "pre_checkout_query_id"),
        "approvechatjoinrequest" => answers::join_request(world, call, true),
        "declinechatjoinrequest" => answers::join_request(world, call, false),
        "getchat" => info::chat(world, call),
        "getchatmember" => info::chat_member(world, call),
        "setmycommands" => info::set_commands(world, call),
        "getmycommands" => info::commands(world, call),
        "deletemycommands" => info::delete_commands(world, call),
        "getfile" => media::get_file(world, call),
        method => match media::field(method) {
            Some(field) => media::send(world, call, field),
            None => rest::answer(world, call),
        },
    }
}

/// Writes a call down with its answer.
pub(crate) fn record(world: &mut World, call: &Call, at: Duration, answer: &Answer) {
    let seen = Seen {
        bot: Some(call.bot),
        method: &call.method,
        params: &call.params,
        via: call.via,
    };
    write_down(world, &seen, at, answer);
}

/// What is seen of a call, whether or not its token was good.
pub(crate) struct Seen<'a> {
    pub(crate) bot: Option<BotId>,
    pub(crate) method: &'a str,
    pub(crate) params: &'a Params,
    pub(crate) via: Via,
}

/// Writes down what was seen of a call.
pub(crate) fn write_down(world: &mut World, seen: &Seen<'_>, at: Duration, answer: &Answer) {
    let (status, text) = envelope(answer);
    let uploads = seen.params.files.iter().map(|file| UploadRecord {
        field: file.field.clone(),
        name: file.name.clone(),
        bytes: file.content.len(),
    });
    let answered = world.clock.elapsed();
    let mut parameters = std::collections::BTreeMap::new();
    for (name, value) in &seen.params.pairs {
        // The first of a name wins, here as there.
        parameters
            .entry(name.clone())
            .or_insert_with(|| value.clone());
    }
    world.ledger.called(CallRecord {
        bot: seen.bot,
        method: seen.method.to_owned(),
        parameters,
        uploads: uploads.collect(),
        via: seen.via,
        at_us: us(at),
        answered_us: us(answered),
        status,
        answer: serde_json::from_str(&text).unwrap_or(Value::Null),
    });
}
