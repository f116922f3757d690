//! Sends a bot's updates to its webhook, from the moment that is set until it is replaced, removed or loses its token.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio_util::sync::CancellationToken;

use crate::api::methods;
use crate::faults::Stage;
use crate::ids::BotId;
use crate::ledger::Ended;
use crate::webhook::connection::{Event, Request};
use crate::webhook::connections::{Carried, Connections};
use crate::webhook::reply;
use crate::webhook::request::RequestHead;
use crate::webhook::response::Reply;
use crate::webhook::schedule::{Failed, Place, Schedule};
use crate::world::{Shared, World};

/// The most updates that are loaded at once.
const LARGEST_BATCH: usize = 1_000;

/// Two answers 410 this far apart, with no other between them, end the webhook.
const GONE_FOR: Duration = Duration::from_secs(23 * 3_600);

/// Delivers until the webhook that is set now ends.
pub(crate) async fn run(shared: Arc<Shared>, bot: BotId) {
    let (events, mut incoming) = mpsc::unbounded_channel();
    let Some(mut sender) = Sender::new(Arc::clone(&shared), bot, events) else {
        return;
    };
    let (stop, wake) = (sender.stop.clone(), Arc::clone(&sender.wake));
    sender.connections.open_first();
    loop {
        let next = sender.step();
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            Some(event) = incoming.recv() => sender.take_events(event, &mut incoming),
            () = wake.notified() => {}
            () = sleep(&shared, next) => {}
        }
    }
}

async fn sleep(shared: &Shared, next: Option<Duration>) {
    match next {
        Some(next) => {
            let now = shared.clock.elapsed();
            shared.clock.sleep(next.saturating_sub(now)).await;
        }
        None => std::future::pending().await,
    }
}

struct Sender {
    shared: Arc<Shared>,
    bot: BotId,
    stop: CancellationToken,
    wake: Arc<Notify>,
    head: RequestHead,
    max_connections: usize,
    schedule: Schedule,
    connections: Connections,
    /// Where in the bot's queue loading goes on.
    next_place: Place,
    first_gone: Option<Duration>,
}

impl Sender {
    fn new(shared: Arc<Shared>, bot: BotId, events: UnboundedSender<Event>) -> Option<Self> {
        let mut world = shared.look();
        let webhook = world.bots.get_mut(&bot)?.webhook.as_mut()?;
        // A webhook that was replaced at once is announced twice.
        if std::mem::replace(&mut webhook.has_sender, true) {
            return None;
        }
        let (target, stop) = (webhook.target.deliver_to, webhook.stop.clone());
        let connections = Connections::new(Arc::clone(&shared), bot, target, stop.clone(), events);
        let sender = Self {
            shared: Arc::clone(&shared),
            bot,
            stop,
            wake: Arc::clone(&webhook.wake),
            head: RequestHead::new(webhook),
            max_connections: webhook.max_connections,
            schedule: Schedule::default(),
            connections,
            next_place: 0,
            first_gone: None,
        };
        drop(world);
        Some(sender)
    }

    /// Does all that can be done now; answers when there will be more.
    fn step(&mut self) -> Option<Duration> {
        self.load();
        self.find_way();
        let grow_at = (self.connections).grow(self.schedule.queues(), self.max_connections);
        while self.send_one() {}
        // Without a free connection an update that is due only waits for one.
        let is_free = self.connections.free().is_some();
        let due_at = self.schedule.next_due().filter(|_| is_free);
        [grow_at, due_at].into_iter().flatten().min()
    }

    /// Loads updates while fewer than twice as many queues as connections are loaded.
    fn load(&mut self) {
        let room = (2 * self.max_connections).saturating_sub(self.schedule.queues());
        let world = self.shared.look();
        let now = world.clock.elapsed();
        let Some(bot) = world.bots.get(&self.bot) else {
            return;
        };
        for (place, update) in bot
            .queue
            .from(self.next_place)
            .take(room.min(LARGEST_BATCH))
        {
            self.schedule.load(place, update.queue, update.expires, now);
            self.next_place = place + 1;
        }
    }

    /// Looks where the webhook's name leads now, and whether anything does.
    fn find_way(&mut self) {
        let mut world = self.shared.look();
        world.look_up(self.bot, false);
        let webhook = world
            .bots
            .get(&self.bot)
            .and_then(|bot| bot.webhook.as_ref());
        if let Some(webhook) = webhook {
            self.connections.lead_to(webhook.target.deliver_to);
        }
        if world.faults.bar(self.bot) {
            self.connections.close_free();
        }
    }

    /// Hands the next due update to a free connection; `false` when there is none of either.
    fn send_one(&mut self) -> bool {
        let Some(id) = self.connections.free() else {
            return false;
        };
        let now = self.shared.clock.elapsed();
        let Some(place) = self.schedule.take(now) else {
            return false;
        };
        let mut world = self.shared.look();
        let update = world.bots.get(&self.bot).and_then(|bot| {
            let (found, update) = bot.queue.from(place).next()?;
            (found == place).then(|| update.clone())
        });
        let Some(update) = update else {
            self.schedule.done(place);
            return true;
        };
        if update.expires < world.clock.now() {
            world.drop_update(self.bot, place);
            self.schedule.done(place);
            return true;
        }
        let Some(request) = self.head.with(&update.body) else {
            // Telegram sends nothing and says nothing of it.
            return true;
        };
        let delivery = world
            .ledger
            .sent(self.bot, update.update_id, &update.kind, id, now);
        let fault = world.faults.strike(self.bot, Stage::Request);
        drop(world);
        let carried = Carried {
            place,
            update_id: update.update_id,
            delivery,
        };
        let request = Request {
            bytes: request,
            fault,
        };
        self.connections.carry(id, request, carried);
        true
    }

    fn take_events(&mut self, first: Event, more: &mut UnboundedReceiver<Event>) {
        self.take_event(first);
        while let Ok(event) = more.try_recv() {
            self.take_event(event);
        }
    }

    fn take_event(&mut self, event: Event) {
        match event {
            Event::Answered {
                connection,
                reply,
                written,
                at,
            } => self.answered(connection, &reply, written, at),
            Event::Closed {
                connection,
                error,
                written,
                at,
            } => {
                let carried = self.connections.closed(connection);
                if let Some(error) = &error {
                    self.note_error(error);
                }
                if let Some(carried) = carried {
                    self.write_down(&carried, written, at, None, error.as_deref());
                    self.failed(carried.place, 0);
                }
            }
        }
    }

    fn answered(&mut self, id: u64, reply: &Reply, written: Duration, at: Duration) {
        let Some(carried) = self.connections.answered(id, reply.keep_alive) else {
            return;
        };
        let status = reply.status;
        if (200..300).contains(&status) {
            self.write_down(&carried, Some(written), at, Some(status), None);
            self.received(&carried, reply, at);
            return;
        }
        let error = format!("Wrong response from the webhook: {status} {}", reply.reason);
        self.write_down(&carried, Some(written), at, Some(status), Some(&error));
        if self.is_gone_for_good(status, at) {
            self.own(|world| {
                if let Some(bot) = world.bots.get_mut(&self.bot) {
                    bot.erase_webhook();
                }
            });
            return;
        }
        self.note_error(&error);
        self.failed(carried.place, reply.retry_after);
    }

    fn received(&mut self, carried: &Carried, reply: &Reply, at: Duration) {
        tracing::debug!(
            bot = self.bot.0,
            update_id = carried.update_id,
            "acknowledged"
        );
        self.first_gone = None;
        self.connections.succeeded(at);
        self.schedule.done(carried.place);
        let call = reply::call(self.bot, reply);
        self.own(|world| {
            world.acknowledge(self.bot, carried.place);
            if let Some(call) = call {
                // Nobody hears what became of it.
                let _ = methods::perform(world, &call);
            }
        });
    }

    fn failed(&mut self, place: Place, retry_after: u32) {
        let world = self.shared.look();
        let (now, entropy) = (
            (world.clock.elapsed(), world.clock.now()),
            world.entropy.clone(),
        );
        drop(world);
        if self.schedule.failed(place, retry_after, now, &entropy) == Failed::Dropped {
            self.own(|world| world.drop_update(self.bot, place));
        }
    }

    fn is_gone_for_good(&mut self, status: u16, at: Duration) -> bool {
        if status != 410 {
            self.first_gone = None;
            return false;
        }
        let first = *self.first_gone.get_or_insert(at);
        at.saturating_sub(first) > GONE_FOR
    }

    fn note_error(&self, text: &str) {
        self.own(|world| {
            let date = world.clock.now().unix_seconds();
            let webhook = world
                .bots
                .get_mut(&self.bot)
                .and_then(|bot| bot.webhook.as_mut());
            if let Some(webhook) = webhook {
                webhook.last_error = Some((date, text.to_owned()));
            }
        });
    }

    /// Changes the world, unless this webhook has ended: then what is still heard of it changes nothing.
    fn own(&self, change: impl FnOnce(&mut World)) {
        self.shared.change(|world| {
            if !self.stop.is_cancelled() {
                change(world);
            }
        });
    }

    fn write_down(
        &self,
        carried: &Carried,
        written: Option<Duration>,
        at: Duration,
        status: Option<u16>,
        error: Option<&str>,
    ) {
        let ended = Ended {
            written,
            at,
            status,
            error,
        };
        self.shared
            .change(|world| world.ledger.answered(carried.delivery, ended));
    }
}
