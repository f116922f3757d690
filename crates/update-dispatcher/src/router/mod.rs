//! Handlers by what an update is: a stage that reads like a list of routes.

mod command;
mod content;
mod extract;
mod filter;
mod handler;
mod into_calls;

use std::collections::BTreeSet;
use std::sync::Arc;

use ids::ConnectionId;
use telegram_bot_api::{UpdateContent, UpdateKind};

use self::filter::Filter;
use self::handler::{Endpoint, Erased, WithState};
use crate::{Incoming, Stage, StageError, StageFuture, StageOutcome};

pub use self::command::Command;
pub use self::content::{Callback, JoinRequest, MemberChange, NewMembers, NewMessage, TextMessage};
pub use self::extract::{Chat, FromIncoming, FromRef, Rejection, Request, Sender, State};
pub use self::handler::{Handler, HandlerFuture};
pub use self::into_calls::{IntoCalls, by};

type Names = Arc<dyn Fn(&ConnectionId) -> Option<Arc<str>> + Send + Sync>;

/// Handlers by what an update is. A [`Stage`] once it has all the state that its handlers ask for.
///
/// Routes are tried in the order in which they were added; the first one that matches, and whose handler's arguments all
/// apply, handles the update and ends it, unless its answer says [`crate::Flow::Continue`]. An update that no route
/// matches goes on to the next stage.
pub struct Router<S = ()> {
    name: String,
    routes: Vec<Route<S>>,
    fallback: Option<Box<dyn Endpoint<S>>>,
    names: Option<Names>,
}

struct Route<S> {
    filter: Filter,
    endpoint: Box<dyn Endpoint<S>>,
}

impl<S: Send + Sync + 'static> Router<S> {
    /// A router without routes: every update passes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            name: "router".to_owned(),
            routes: Vec::new(),
            fallback: None,
            names: None,
        }
    }

    /// What operators call this stage; `router` unless told.
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

    /// For a command in a message: `start` for `/start`, `/start@ThisBot` and `/start` with a payload, in upper or lower
    /// case. A payload that carries a command of another route ([`Command`]) goes there instead.
    #[must_use]
    pub fn on_command<M: 'static>(self, name: &str, handler: impl Handler<M, S>) -> Self {
        let name = name.trim_start_matches('/').to_ascii_lowercase();
        self.on(Filter::Command(name), handler)
    }

    /// For a tap on a button whose data begin with this; with an empty prefix, for any tap.
    #[must_use]
    pub fn on_callback<M: 'static>(self, prefix: &str, handler: impl Handler<M, S>) -> Self {
        self.on(Filter::Callback(prefix.to_owned()), handler)
    }

    /// For a message that is text and not a command.
    #[must_use]
    pub fn on_text<M: 'static>(self, handler: impl Handler<M, S>) -> Self {
        self.on(Filter::Text, handler)
    }

    /// For a change of somebody else's membership (`chat_member`, which the bot must be an administrator to see).
    #[must_use]
    pub fn on_member<M: 'static>(self, handler: impl Handler<M, S>) -> Self {
        self.on_kind(UpdateKind::ChatMember, handler)
    }

    /// For a change of the bot's own membership: added, promoted, thrown out, or blocked by a user.
    #[must_use]
    pub fn on_own_member<M: 'static>(self, handler: impl Handler<M, S>) -> Self {
        self.on_kind(UpdateKind::MyChatMember, handler)
    }

    /// For a group's service message that somebody came.
    #[must_use]
    pub fn on_new_members<M: 'static>(self, handler: impl Handler<M, S>) -> Self {
        self.on(Filter::NewMembers, handler)
    }

    /// For a request to join a chat.
    #[must_use]
    pub fn on_join_request<M: 'static>(self, handler: impl Handler<M, S>) -> Self {
        self.on_kind(UpdateKind::ChatJoinRequest, handler)
    }

    /// For any update of a kind.
    #[must_use]
    pub fn on_kind<M: 'static>(self, kind: UpdateKind, handler: impl Handler<M, S>) -> Self {
        self.on(Filter::Kind(kind), handler)
    }

    /// For what no route took. It adds nothing to [`Router::update_kinds`].
    #[must_use]
    pub fn fallback<M: 'static>(mut self, handler: impl Handler<M, S>) -> Self {
        self.fallback = Some(Box::new(Erased::new(handler)));
        self
    }

    /// Gives the handlers their state: from now on the router asks for another one, or for none.
    #[must_use]
    pub fn with_state<Other: Send + Sync + 'static>(self, state: S) -> Router<Other>
    where
        S: Clone,
    {
        let bind = |endpoint| -> Box<dyn Endpoint<Other>> {
            Box::new(WithState {
                endpoint,
                state: state.clone(),
            })
        };
        let routes = self.routes.into_iter();
        Router {
            name: self.name,
            routes: routes
                .map(|route| Route {
                    filter: route.filter,
                    endpoint: bind(route.endpoint),
                })
                .collect(),
            fallback: self.fallback.map(bind),
            names: self.names,
        }
    }

    /// The kinds of update that the routes are for, each once: what to tell Telegram as `allowed_updates`.
    #[must_use]
    pub fn update_kinds(&self) -> Vec<UpdateKind> {
        let kinds: BTreeSet<_> = self
            .routes
            .iter()
            .map(|route| route.filter.kind())
            .collect();
        kinds.into_iter().collect()
    }

    fn on<M: 'static>(mut self, filter: Filter, handler: impl Handler<M, S>) -> Self {
        self.routes.push(Route {
            filter,
            endpoint: Box::new(Erased::new(handler)),
        });
        self
    }

    async fn route(&self, incoming: &Incoming, state: &S) -> Result<StageOutcome, StageError> {
        let request = self.request(incoming);
        let matching = self
            .routes
            .iter()
            .filter(|route| route.filter.matches(&request));
        let endpoints = matching.map(|route| &route.endpoint).chain(&self.fallback);
        for endpoint in endpoints {
            match endpoint.call(&request, state).await {
                Ok(outcome) => return Ok(outcome),
                Err(Rejection::NotHere) => {}
                Err(Rejection::Failed(error)) => return Err(error),
            }
        }
        Ok(StageOutcome::pass())
    }

    fn request(&self, incoming: &Incoming) -> Request {
        let mut incoming = incoming.clone();
        if incoming.bot_username.is_none() {
            let names = self.names.as_ref();
            incoming.bot_username = names.and_then(|names| names(&incoming.connection));
        }
        let command = self.command(&incoming);
        Request { incoming, command }
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

impl<S: Send + Sync + 'static> Default for Router<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl Stage for Router {
    fn name(&self) -> &str {
        &self.name
    }

    fn handle<'a>(&'a self, incoming: &'a Incoming) -> StageFuture<'a> {
        Box::pin(self.route(incoming, &()))
    }
}
