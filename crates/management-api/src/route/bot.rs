use http::Method;

use super::no_route::{NoRoute, only};
use crate::calls::BotCall;

/// What is below `/v1/projects/{project}/bot`.
pub(super) fn bot(method: &Method, rest: &[&str]) -> Result<BotCall, NoRoute> {
    match rest {
        [] => match *method {
            Method::DELETE => Ok(BotCall::Disconnect),
            Method::GET => Ok(BotCall::Show),
            Method::PUT => Ok(BotCall::PutToken),
            _ => Err(NoRoute::Method("DELETE, GET, PUT")),
        },
        ["health-changes"] => only(method, &Method::GET, BotCall::HealthChanges, "GET"),
        [what] => {
            let call = match *what {
                "diagnosis" => BotCall::Diagnose,
                "pause" => BotCall::Hold,
                "reconnect" => BotCall::Reconnect,
                "resume" => BotCall::Release,
                _ => return Err(NoRoute::Path),
            };
            only(method, &Method::POST, call, "POST")
        }
        _ => Err(NoRoute::Path),
    }
}
