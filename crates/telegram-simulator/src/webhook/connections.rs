//! A webhook's connections: how many there are, what each carries, and where it leads.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{self, UnboundedSender};
use tokio_util::sync::CancellationToken;

use crate::faults::Stage;
use crate::ids::BotId;
use crate::webhook::connection::{self, Event, Request};
use crate::webhook::growth::Growth;
use crate::webhook::schedule::Place;
use crate::world::Shared;

/// The connections of one webhook.
pub(super) struct Connections {
    shared: Arc<Shared>,
    bot: BotId,
    stop: CancellationToken,
    events: UnboundedSender<Event>,
    /// Where new ones lead.
    target: Option<SocketAddr>,
    growth: Growth,
    open: HashMap<u64, Connection>,
    idle: VecDeque<u64>,
}

struct Connection {
    target: Option<SocketAddr>,
    requests: UnboundedSender<Request>,
    carries: Option<Carried>,
}

/// An update in flight.
pub(super) struct Carried {
    pub(super) place: Place,
    pub(super) update_id: i64,
    pub(super) delivery: usize,
}

impl Connections {
    pub(super) fn new(
        shared: Arc<Shared>,
        bot: BotId,
        target: Option<SocketAddr>,
        stop: CancellationToken,
        events: UnboundedSender<Event>,
    ) -> Self {
        Self {
            shared,
            bot,
            stop,
            events,
            target,
            growth: Growth::new(),
            open: HashMap::new(),
            idle: VecDeque::new(),
        }
    }

    /// A connection is opened as soon as a webhook is set, to see that it can be.
    pub(super) fn open_first(&mut self) {
        if self.growth.open(self.shared.clock.elapsed()).is_ok() {
            self.connect();
        }
    }

    /// New connections lead there; the others end with their next answer.
    pub(super) fn lead_to(&mut self, target: Option<SocketAddr>) {
        self.target = target;
    }

    /// Opens the connections that so many queues want and that are allowed; answers when to ask again.
    pub(super) fn grow(&mut self, queues: usize, most: usize) -> Option<Duration> {
        let now = self.shared.clock.elapsed();
        let wanted = self.growth.wanted(now, queues, most);
        while self.open.len() < wanted {
            if let Err(later) = self.growth.open(now) {
                return Some(later);
            }
            self.connect();
        }
        None
    }

    /// One that carries nothing.
    pub(super) fn free(&self) -> Option<u64> {
        self.idle.front().copied()
    }

    /// Closes those that carry nothing.
    pub(super) fn close_free(&mut self) {
        for id in self.idle.drain(..) {
            self.open.remove(&id);
        }
    }

    /// Has a free one carry a request.
    pub(super) fn carry(&mut self, id: u64, request: Request, carried: Carried) {
        self.idle.retain(|idle| *idle != id);
        if let Some(connection) = self.open.get_mut(&id) {
            connection.carries = Some(carried);
            // When the connection has just ended, its last event says so.
            let _ = connection.requests.send(request);
        }
    }

    /// What was carried by one whose request was answered. It is free again, or gone.
    pub(super) fn answered(&mut self, id: u64, keep_alive: bool) -> Option<Carried> {
        let connection = self.open.get_mut(&id)?;
        let carried = connection.carries.take();
        if keep_alive && connection.target == self.target {
            self.idle.push_back(id);
        } else {
            self.open.remove(&id);
        }
        carried
    }

    /// What was carried by one that has ended.
    pub(super) fn closed(&mut self, id: u64) -> Option<Carried> {
        self.idle.retain(|idle| *idle != id);
        self.open.remove(&id)?.carries
    }

    /// There was a success: from now on there may be more of them.
    pub(super) fn succeeded(&mut self, at: Duration) {
        self.growth.succeeded(at);
    }

    fn connect(&mut self) {
        let (id, fault) = {
            let mut world = self.shared.look();
            (
                world.number(),
                world.faults.strike(self.bot, Stage::Connect),
            )
        };
        let (requests, queue) = mpsc::unbounded_channel();
        let task = connection::run(
            id,
            (self.target, fault),
            self.shared.clock.clone(),
            queue,
            self.events.clone(),
        );
        let stop = self.stop.clone();
        tokio::spawn(async move { stop.run_until_cancelled(task).await });
        let connection = Connection {
            target: self.target,
            requests,
            carries: None,
        };
        self.open.insert(id, connection);
        self.idle.push_back(id);
    }
}
