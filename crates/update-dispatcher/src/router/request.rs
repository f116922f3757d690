//! An update on its way through a router.

use std::sync::Arc;

use telegram_bot_api::UpdateContent;

use crate::Incoming;
use crate::router::command::Command;
use crate::router::left::Slot;
use crate::session::SessionLimits;

/// An update on its way through a router: what layers see, and what arguments of handlers are read from. Cheap to clone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The update.
    pub incoming: Incoming,
    /// The command that it is, if it is one and not for another bot. One that a link carries counts as itself where the
    /// router has a route for it, and as `/start` where it has none.
    pub command: Option<Arc<Command>>,
    pub(super) route: Arc<RouteInfo>,
    /// What the handler's session leaves behind.
    pub(super) slot: Slot,
}

/// What is the same for all requests of a route.
#[derive(Debug)]
pub(super) struct RouteInfo {
    pub(super) name: String,
    pub(super) matched: Matched,
    /// The name of its sessions.
    pub(super) session: Arc<str>,
    pub(super) limits: SessionLimits,
}

/// Which part of an update has its route matched, so that the rest is for its handler.
#[derive(Clone, Copy, Debug)]
pub(super) enum Matched {
    Command,
    /// So many bytes of a button's data.
    Data(usize),
    /// So many bytes of a link's payload.
    Payload(usize),
    Other,
}

impl RouteInfo {
    /// Before a route is chosen.
    pub(super) fn none(session: &str) -> Self {
        Self {
            name: "none".to_owned(),
            matched: Matched::Other,
            session: Arc::from(session),
            limits: SessionLimits::default(),
        }
    }
}

impl Request {
    /// An update as a router sees it before it has chosen a route: to test arguments and layers of your own.
    #[must_use]
    pub fn new(incoming: Incoming) -> Self {
        Self::unrouted(incoming, None, Arc::new(RouteInfo::none("router")))
    }

    /// The name of the route that was chosen, for traces and metrics: `/start`, `callback order:`, `link ref_`, `text`,
    /// `new_members`, a kind of update such as `poll_answer`, or `fallback`.
    #[must_use]
    pub fn route(&self) -> &str {
        &self.route.name
    }

    /// What stands behind what the route has matched: behind a command, a button's prefix, or a link's prefix.
    /// [`crate::router::Args`] reads it.
    #[must_use]
    pub fn rest(&self) -> Option<&str> {
        match self.route.matched {
            Matched::Command => self.command.as_ref().map(|command| &*command.text),
            Matched::Data(bytes) => match &self.incoming.update.content {
                UpdateContent::CallbackQuery(query) => query.data.as_deref()?.get(bytes..),
                _ => None,
            },
            Matched::Payload(bytes) => self.payload()?.get(bytes..),
            Matched::Other => None,
        }
    }

    /// What a link carried to `/start`.
    pub(super) fn payload(&self) -> Option<&str> {
        self.command.as_ref().and_then(|command| command.payload())
    }

    pub(super) fn unrouted(
        incoming: Incoming,
        command: Option<Command>,
        route: Arc<RouteInfo>,
    ) -> Self {
        Self {
            incoming,
            command: command.map(Arc::new),
            route,
            slot: Slot::default(),
        }
    }

    /// The same for a route.
    pub(super) fn on(&self, route: &Arc<RouteInfo>) -> Self {
        Self {
            incoming: self.incoming.clone(),
            command: self.command.clone(),
            route: Arc::clone(route),
            slot: Slot::default(),
        }
    }
}
