use http::Method;
use ids::KeyId;

use super::no_route::{NoRoute, number, only};
use crate::calls::KeysCall;

/// What is below `/v1/keys`.
pub(super) fn keys(method: &Method, rest: &[&str]) -> Result<KeysCall, NoRoute> {
    let call = match rest {
        [] => return only(method, &Method::GET, KeysCall::Status, "GET"),
        ["add"] => KeysCall::Add,
        ["reload"] => KeysCall::Reload,
        ["rewrap"] => KeysCall::Rewrap,
        [id, "promote"] => KeysCall::Promote(key(id)?),
        [id, "retire"] => KeysCall::Retire(key(id)?),
        _ => return Err(NoRoute::Path),
    };
    only(method, &Method::POST, call, "POST")
}

fn key(text: &str) -> Result<KeyId, NoRoute> {
    let number = u32::try_from(number(text)?).map_err(|_| NoRoute::Path)?;
    Ok(KeyId::new(number))
}
