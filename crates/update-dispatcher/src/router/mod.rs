//! Handlers by what an update is: a stage that reads like a list of routes.

mod command;
mod content;
mod extract;
mod filter;
mod handler;
mod into_calls;
pub mod layers;
mod left;
mod request;
mod routes;
mod service;
mod session;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use ids::ConnectionId;
use telegram_bot_api::{UpdateContent, UpdateKind};

use self::filter::{Filter, Predicate};
use self::handler::{Endpoint, Erased, Wrapped};
use self::request::RouteInfo;
use crate::session::SessionLimits;
use crate::{Incoming, Stage, StageError, StageFuture, StageOutcome};

pub use self::command::Command;
pub use self::content::{
    Author, Callback, Inline, JoinRequest, MemberChange, NewMembers, NewMessage, Payment,
    PreCheckout, Shipping, TextMessage,
};
pub use self::extract::{Args, Chat, DeepLink, FromIncoming, FromRef, Rejection, Sender, State};
pub use self::filter::TextPattern;
pub use self::handler::{Around, Handler, Layered};
pub use self::into_calls::{IntoCalls, by};
pub use self::request::Request;
pub use self::service::{Answer, Route, RouteFuture, RouteLayer};
pub use self::session::Session;

type Names = Arc<dyn Fn(&ConnectionId) -> Option<Arc<str>> + Send + Sync>;

/// Handlers by what an update is. A [`Stage`] once it has all the state that its handlers ask for.
///
/// Routes are tried in the order in which they were added; the first one that matches, and whose handler's arguments all
/// apply, handles the update and ends it, unless its answer says [`crate::Flow::Continue`]. An update that no route
/// matches goes on to the next stage.
pub struct Router<S = ()> {
    name: String,
    routes: Vec<Entry<S>>,
    fallback: Option<Entry<S>>,
    names: Option<Names>,
    limits: SessionLimits,
    /// What handles updates, made of the above when the first one comes.
    bound: OnceLock<Bound>,
}

struct Entry<S> {
    filter: Filter,
    /// What must hold besides.
    guards: Vec<Predicate<Request>>,
    /// Below which names it was nested, each after a slash.
    space: String,
    endpoint: Box<dyn Endpoint<S>>,
}

/// The routes, and last the fallback if there is one, as they are called.
struct Bound {
    routes: Vec<(Arc<RouteInfo>, Route)>,
    unrouted: Arc<RouteInfo>,
}

impl<S: Clone + Send + Sync + 'static> Router<S> {
    /// A router without routes: every update passes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            name: "router".to_owned(),
            routes: Vec::new(),
            fallback: None,
            names: None,
            limits: SessionLimits::default(),
            bound: OnceLock::new(),
        }
    }

    /// What operators call this stage; `router` unless told. Its sessions are kept under this name, so two routers that
    /// both have sessions need two names, and another name means new sessions.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How to find a bot's username (without the `@`): a command in a group that is addressed to another bot is left
    /// alone only where this is known.
    #[must_use]
    pub fn bot_usernames(
        mut self,
        names: impl Fn(&ConnectionId) -> Option<Arc<str>> + Send + Sync + 'static,
    ) -> Self {
        self.names = Some(Arc::new(names));
        self
    }

    /// How long the sessions of its handlers are kept, and how large they may be.
    #[must_use]
    pub const fn session_limits(mut self, limits: SessionLimits) -> Self {
        self.limits = limits;
        self
    }

    /// For what no route took. It adds nothing to [`Router::allowed_updates`].
    #[must_use]
    pub fn fallback<M: 'static>(mut self, handler: impl Handler<M, S>) -> Self {
        self.fallback = Some(Entry::new(Filter::Any, handler));
        self
    }

    /// Puts a layer around all routes that are there so far, and the fallback. Of two the later one is outside.
    /// [`Handler::layer`] puts one around a single handler.
    #[must_use]
    pub fn layer(self, layer: impl RouteLayer) -> Self {
        let layer: Arc<dyn RouteLayer> = Arc::new(layer);
        self.map(|endpoint| {
            let layer = Arc::clone(&layer);
            Box::new(Wrapped { endpoint, layer })
        })
    }

    /// Keeps all routes that are there so far, and the fallback, for updates of which this holds: those of private chats, say.
    #[must_use]
    pub fn only_if(mut self, holds: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        let holds: Predicate<Request> = Arc::new(holds);
        for entry in self.routes.iter_mut().chain(&mut self.fallback) {
            entry.guards.push(Arc::clone(&holds));
        }
        self
    }

    /// Adds the routes of another router behind those that are there. They keep their layers and share the sessions of
    /// this one. Its fallback is taken over where there is none yet; its name and limits are not.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.routes.extend(other.routes);
        self.fallback = self.fallback.or(other.fallback);
        self.names = self.names.or(other.names);
        self
    }

    /// As [`Router::merge`], but the other's handlers have sessions of their own, under this name: a dialogue that knows
    /// nothing of what else the router does.
    #[must_use]
    pub fn nest(self, name: &str, mut other: Self) -> Self {
        for entry in other.routes.iter_mut().chain(&mut other.fallback) {
            entry.space = format!("/{name}{}", entry.space);
        }
        self.merge(other)
    }

    /// Gives the handlers their state: from now on the router asks for another one, or for none.
    #[must_use]
    pub fn with_state<Other: Clone + Send + Sync + 'static>(self, state: S) -> Router<Other> {
        self.map(|endpoint| Box::new(endpoint.bind(&state)))
    }

    /// The kinds of update that the routes are for, each once: what to tell Telegram as `allowed_updates`.
    #[must_use]
    pub fn allowed_updates(&self) -> Vec<UpdateKind> {
        let routes = self.routes.iter();
        let kinds: BTreeSet<_> = routes.filter_map(|route| route.filter.kind()).collect();
        kinds.into_iter().collect()
    }

    fn on<M: 'static>(mut self, filter: Filter, handler: impl Handler<M, S>) -> Self {
        self.routes.push(Entry::new(filter, handler));
        self
    }

    fn map<Other>(
        self,
        change: impl Fn(Box<dyn Endpoint<S>>) -> Box<dyn Endpoint<Other>>,
    ) -> Router<Other> {
        let change = |entry: Entry<S>| Entry {
            filter: entry.filter,
            guards: entry.guards,
            space: entry.space,
            endpoint: change(entry.endpoint),
        };
        Router {
            name: self.name,
            routes: self.routes.into_iter().map(change).collect(),
            fallback: self.fallback.map(change),
            names: self.names,
            limits: self.limits,
            bound: OnceLock::new(),
        }
    }
}

impl<S: Clone> Entry<S> {
    fn new<M: 'static>(filter: Filter, handler: impl Handler<M, S>) -> Self {
        Self {
            filter,
            guards: Vec::new(),
            space: String::new(),
            endpoint: Box::new(Erased::new(handler)),
        }
    }
}

impl<S> Entry<S> {
    fn matches(&self, request: &Request) -> bool {
        self.filter.matches(request) && self.guards.iter().all(|holds| holds(request))
    }
}

impl Router {
    async fn route(&self, incoming: &Incoming) -> Result<StageOutcome, StageError> {
        let bound = self.bound.get_or_init(|| self.bind());
        let request = self.request(incoming, &bound.unrouted);
        let entries = self.routes.iter().chain(&self.fallback).zip(&bound.routes);
        for (_, (info, route)) in entries.filter(|(entry, _)| entry.matches(&request)) {
            if let Answer::Handled(outcome) = route.run(request.on(info)).await? {
                return Ok(outcome);
            }
        }
        Ok(StageOutcome::pass())
    }

    fn bind(&self) -> Bound {
        let entries = self.routes.iter().chain(&self.fallback);
        let routes = entries.map(|entry| {
            let info = RouteInfo {
                name: entry.filter.name(),
                matched: entry.filter.matched(),
                session: format!("{}{}", self.name, entry.space).into(),
                limits: self.limits,
            };
            (Arc::new(info), entry.endpoint.bind(&()))
        });
        Bound {
            routes: routes.collect(),
            unrouted: Arc::new(RouteInfo::none(&self.name)),
        }
    }

    fn request(&self, incoming: &Incoming, route: &Arc<RouteInfo>) -> Request {
        let mut incoming = incoming.clone();
        if incoming.bot_username.is_none() {
            let names = self.names.as_ref();
            incoming.bot_username = names.and_then(|names| names(&incoming.connection));
        }
        let command = self.command(&incoming);
        Request::unrouted(incoming, command, Arc::clone(route))
    }

    fn command(&self, incoming: &Incoming) -> Option<Command> {
        let UpdateContent::Message(message) = &incoming.update.content else {
            return None;
        };
        let typed = Command::read(message.text.as_deref()?)?;
        if !typed.is_for(incoming.bot_username.as_deref()) {
            return None;
        }
        let linked = typed.payload().and_then(Command::from_payload);
        let linked = linked.filter(|command| self.has_command(&command.name));
        Some(linked.unwrap_or(typed))
    }

    fn has_command(&self, wanted: &str) -> bool {
        let is_wanted = |filter: &Filter| matches!(filter, Filter::Command(name) if name == wanted);
        self.routes.iter().any(|route| is_wanted(&route.filter))
    }
}

impl<S: Clone + Send + Sync + 'static> Default for Router<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl Stage for Router {
    fn name(&self) -> &str {
        &self.name
    }

    fn concerns(&self, kind: &UpdateKind) -> bool {
        let mut entries = self.routes.iter().chain(&self.fallback);
        entries.any(|entry| entry.filter.kind().is_none_or(|wanted| wanted == *kind))
    }

    fn handle<'a>(&'a self, incoming: &'a Incoming) -> StageFuture<'a> {
        Box::pin(self.route(incoming))
    }
}
