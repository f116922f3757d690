//! Methods that answer what people ask: taps, payments, inline queries, requests to join.

use std::collections::BTreeMap;

use serde_json::json;

use crate::api::answer::{Answer, Refusal, yes};
use crate::api::call::Call;
use crate::ids::UserId;
use crate::people;
use crate::world::World;

const TOO_OLD: &str = "query is too old and response timeout expired or query ID is invalid";

/// answerCallbackQuery, answerInlineQuery, answerShippingQuery, answerPreCheckoutQuery.
pub(crate) fn query(world: &mut World, call: &Call, parameter: &str) -> Answer {
    let now = world.clock.elapsed();
    let query = world
        .queries
        .get_mut(call.get(parameter))
        .filter(|query| query.bot == call.bot && now <= query.until)
        .ok_or_else(|| Refusal::bad(TOO_OLD))?;
    let answer: BTreeMap<String, String> = call.params.pairs.iter().cloned().collect();
    query.answer = Some(answer);
    yes()
}

/// approveChatJoinRequest and declineChatJoinRequest.
pub(crate) fn join_request(world: &mut World, call: &Call, approve: bool) -> Answer {
    let chat = call.chat(world)?;
    let user = UserId(call.params.integer("user_id", 0, 0, i64::MAX));
    if !world.dialog(call.bot, chat)?.join_requests.remove(&user) {
        return Err(Refusal::bad("HIDE_REQUESTER_MISSING"));
    }
    if approve {
        let by = world.bot(call.bot)?.user();
        people::becomes_member(
            world,
            call.bot,
            chat,
            user,
            &by,
            json!({"via_join_request": true}),
        )?;
    }
    yes()
}
