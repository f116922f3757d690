use http::Method;
use update_dispatcher::Seq;

use super::no_route::{self, NoRoute};
use crate::calls::UpdatesCall;

/// What is below `/v1/updates`.
pub(super) fn updates(method: &Method, rest: &[&str]) -> Result<UpdatesCall, NoRoute> {
    use UpdatesCall::{Discard, List, Replay, ReplayAll, Running, Show};
    match (rest, method) {
        ([], &Method::GET) => Ok(List),
        (["running"], &Method::GET) => Ok(Running),
        (["replay"], &Method::POST) => Ok(ReplayAll),
        ([] | ["running"], _) => Err(NoRoute::Method("GET")),
        (["replay"], _) => Err(NoRoute::Method("POST")),
        ([one], &Method::GET) => number(one).map(Show),
        ([one], &Method::DELETE) => number(one).map(Discard),
        ([one, "replay"], &Method::POST) => number(one).map(Replay),
        ([one], _) => number(one).and(Err(NoRoute::Method("DELETE, GET"))),
        ([one, "replay"], _) => number(one).and(Err(NoRoute::Method("POST"))),
        _ => Err(NoRoute::Path),
    }
}

/// An update's number.
fn number(text: &str) -> Result<Seq, NoRoute> {
    no_route::number(text).map(Seq::new)
}
