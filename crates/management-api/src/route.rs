//! Which call a method and a path ask for.

mod bot;
mod events;
mod keys;
mod no_route;
#[cfg(test)]
mod tests;
mod updates;

use http::Method;
use ids::ProjectId;

use self::no_route::only;
use crate::calls::{BotCall, EventsCall, KeysCall, UpdatesCall};

pub(crate) use self::no_route::NoRoute;

/// A call of the API.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/v1/projects/{project}/bot` and below.
    Bot(ProjectId, BotCall),
    /// `GET /v1/bots`
    Bots,
    /// `/v1/webhook-endpoints` and `/v1/event-deliveries`, and below.
    Events(EventsCall),
    /// `POST /v1/bots/import`
    Import,
    /// `/v1/keys` and below.
    Keys(KeysCall),
    /// `GET /livez`
    Live,
    /// `GET /readyz`
    Ready,
    /// `GET /v1/registrations`
    Registrations,
    /// `/v1/updates` and below.
    Updates(UpdatesCall),
}

impl Route {
    pub(crate) fn of(method: &Method, path: &str) -> Result<Self, NoRoute> {
        let segments: Vec<&str> = path
            .strip_prefix('/')
            .ok_or(NoRoute::Path)?
            .split('/')
            .collect();
        match segments.as_slice() {
            ["livez"] => only(method, &Method::GET, Self::Live, "GET"),
            ["readyz"] => only(method, &Method::GET, Self::Ready, "GET"),
            ["v1", "bots"] => only(method, &Method::GET, Self::Bots, "GET"),
            ["v1", "bots", "import"] => only(method, &Method::POST, Self::Import, "POST"),
            ["v1", "event-deliveries", rest @ ..] => {
                events::deliveries(method, rest).map(Self::Events)
            }
            ["v1", "keys", rest @ ..] => keys::keys(method, rest).map(Self::Keys),
            ["v1", "projects", project, "bot", rest @ ..] => {
                let call = bot::bot(method, rest)?;
                Ok(Self::Bot(id(project)?, call))
            }
            ["v1", "registrations"] => only(method, &Method::GET, Self::Registrations, "GET"),
            ["v1", "updates", rest @ ..] => updates::updates(method, rest).map(Self::Updates),
            ["v1", "webhook-endpoints", rest @ ..] => {
                events::endpoints(method, rest).map(Self::Events)
            }
            _ => Err(NoRoute::Path),
        }
    }
}

fn id(text: &str) -> Result<ProjectId, NoRoute> {
    text.parse().map_err(|_| NoRoute::Project)
}
