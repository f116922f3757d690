use http::Method;
use ids::EndpointId;

use super::no_route::{NoRoute, number, only};
use crate::calls::{EndpointCall, EventsCall};

/// What is below `/v1/webhook-endpoints`.
pub(super) fn endpoints(method: &Method, rest: &[&str]) -> Result<EventsCall, NoRoute> {
    match (rest, method) {
        ([], &Method::GET) => Ok(EventsCall::List),
        ([], &Method::POST) => Ok(EventsCall::Create),
        ([], _) => Err(NoRoute::Method("GET, POST")),
        ([id, rest @ ..], _) => {
            let id = id.parse::<EndpointId>().map_err(|_| NoRoute::Path)?;
            Ok(EventsCall::One(id, endpoint(method, rest)?))
        }
    }
}

/// What is below `/v1/event-deliveries`.
pub(super) fn deliveries(method: &Method, rest: &[&str]) -> Result<EventsCall, NoRoute> {
    match rest {
        [one, "replay"] => {
            number(one)?;
            let number = one.parse().map_err(|_| NoRoute::Path)?;
            only(method, &Method::POST, EventsCall::Replay(number), "POST")
        }
        _ => Err(NoRoute::Path),
    }
}

fn endpoint(method: &Method, rest: &[&str]) -> Result<EndpointCall, NoRoute> {
    use EndpointCall as Call;
    match rest {
        [] => match *method {
            Method::DELETE => Ok(Call::Delete),
            Method::GET => Ok(Call::Show),
            Method::PATCH => Ok(Call::Change),
            _ => Err(NoRoute::Method("DELETE, GET, PATCH")),
        },
        ["deliveries"] => only(method, &Method::GET, Call::Deliveries, "GET"),
        [what] => {
            let call = match *what {
                "disable" => Call::Disable,
                "enable" => Call::Enable,
                "rotate-secret" => Call::RotateSecret,
                "test" => Call::Test,
                _ => return Err(NoRoute::Path),
            };
            only(method, &Method::POST, call, "POST")
        }
        _ => Err(NoRoute::Path),
    }
}
