//! A Bot API call in the answer to a webhook request.

use crate::api::call::Call;
use crate::ids::BotId;
use crate::params::Params;
use crate::records::Via;
use crate::webhook::response::Reply;

/// Methods that are not done this way, nor is any whose name begins with `get`.
const REFUSED: [&str; 4] = ["setwebhook", "deletewebhook", "close", "logout"];

/// The call that an answer makes, if it makes one.
pub(crate) fn call(bot: BotId, reply: &Reply) -> Option<Call> {
    let mut params = Params::default();
    params.add_body(&reply.content_type, &reply.body);
    let method = params.get("method").to_owned();
    let lower = method.to_ascii_lowercase();
    if lower.is_empty() || lower.starts_with("get") || REFUSED.contains(&&*lower) {
        return None;
    }
    params.pairs.retain(|(name, _)| name != "method");
    Some(Call {
        bot,
        method,
        params,
        via: Via::WebhookReply,
    })
}
