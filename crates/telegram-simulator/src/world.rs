//! The whole simulated Telegram in one place, behind one lock that is never held across a wait.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use clock::{Clock, Entropy, Timestamp};
use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::bot::Bot;
use crate::dialog::{Access, Dialog, describe_chat, describe_user};
use crate::error::Error;
use crate::failures::Failures;
use crate::faults::Faults;
use crate::ids::{BotId, ChatId, Token, UserId};
use crate::instances::Instances;
use crate::json;
use crate::kinds::{self, Kind};
use crate::ledger::Ledger;
use crate::queue::Pending;
use crate::resolve::ResolveTable;

/// What every part of the simulator shares.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    changed: Notify,
    pub(crate) clock: Clock,
}

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self {
            clock: world.clock.clone(),
            world: Mutex::new(world),
            changed: Notify::new(),
        }
    }

    /// Looks at the world.
    pub(crate) fn look(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the world, then wakes whoever waits for something to happen.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.look());
        self.changed.notify_waiters();
        result
    }

    /// Waits until the world is as wanted. `machine` is the clock by which it paces itself: looking takes a tenth of the time at
    /// most, however much changes.
    pub(crate) async fn until(&self, machine: &Clock, wanted: impl Fn(&World) -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let began = machine.elapsed();
            if wanted(&self.look()) {
                return;
            }
            let took = machine.elapsed() - began;
            changed.await;
            machine.sleep(took * 9).await;
        }
    }
}

/// Bots, chats, people, files, and what was written down of them.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) bots: BTreeMap<BotId, Bot>,
    pub(crate) dialogs: HashMap<(BotId, ChatId), Dialog>,
    pub(crate) users: BTreeMap<UserId, Value>,
    pub(crate) queries: HashMap<String, Query>,
    pub(crate) files: HashMap<String, StoredFile>,
    pub(crate) resolve: ResolveTable,
    pub(crate) failures: Failures,
    pub(crate) faults: Faults,
    pub(crate) instances: Instances,
    /// How far the clock that answers tell is ahead of the simulator's own.
    pub(crate) ahead_seconds: i64,
    /// Answers that a test chose, by method in lower case.
    pub(crate) answers: HashMap<String, Value>,
    pub(crate) ledger: Ledger,
    /// Where the start of a webhook is told to whoever runs its sender.
    pub(crate) started: mpsc::UnboundedSender<BotId>,
    /// The parent of every webhook's end.
    pub(crate) stop: CancellationToken,
    pub(crate) last_number: u64,
    /// The ends of the polling libraries that rivals run.
    pub(crate) pollers: HashMap<BotId, CancellationToken>,
}

/// A question that a bot must answer in time.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) bot: BotId,
    pub(crate) until: Duration,
    pub(crate) answer: Option<BTreeMap<String, String>>,
}

/// A file somebody uploaded.
#[derive(Debug)]
pub(crate) struct StoredFile {
    pub(crate) bot: BotId,
    pub(crate) path: String,
    pub(crate) content: Bytes,
}

impl World {
    /// The next of the numbers that only need to be different.
    pub(crate) fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    pub(crate) fn bot(&mut self, id: BotId) -> Result<&mut Bot, Error> {
        self.bots.get_mut(&id).ok_or(Error::NoBot(id))
    }

    /// The bot that a token opens, or opened if it was deleted, disabled or logged out since.
    pub(crate) fn by_token(&self, token: &Token, test: bool) -> Option<&Bot> {
        let id: i64 = token.expose().split(':').next()?.parse().ok()?;
        self.bots
            .get(&BotId(id))
            .filter(|bot| bot.token == *token && bot.test == test)
    }

    pub(crate) fn dialog(&mut self, bot: BotId, chat: ChatId) -> Result<&mut Dialog, Error> {
        self.dialogs
            .get_mut(&(bot, chat))
            .ok_or(Error::NoChat(bot, chat))
    }

    /// The person of an id, made if nobody described them before.
    pub(crate) fn user(&mut self, id: UserId) -> Value {
        self.users
            .entry(id)
            .or_insert_with(|| describe_user(id, &format!("User {id}")))
            .clone()
    }

    /// The chat of an id, made if nobody described it before. A person's begins as one in which the bot may not speak yet.
    pub(crate) fn make_dialog(&mut self, bot: BotId, chat: ChatId) -> &mut Dialog {
        if !self.dialogs.contains_key(&(bot, chat)) {
            let user = chat.is_private().then(|| self.user(UserId(chat.0)));
            let access = match user {
                Some(_) => Access::NotStarted,
                None => Access::Open,
            };
            let dialog = Dialog::new(describe_chat(chat, user.as_ref()), access);
            self.dialogs.insert((bot, chat), dialog);
        }
        self.dialogs
            .entry((bot, chat))
            .or_insert_with(|| Dialog::new(Value::Null, Access::Open))
    }

    /// Makes an update and queues it. `None` when the bot did not ask for its kind, it is too old, or there is no room. A kind that
    /// is not known stands for one that Telegram adds tomorrow, and passes whatever the bot asked for.
    pub(crate) fn push_update(
        &mut self,
        bot: BotId,
        kind: &str,
        content: &Value,
    ) -> Result<Option<i64>, Error> {
        let (now, elapsed) = (self.clock.now(), self.clock.elapsed());
        let bad = || Error::BadUpdate {
            kind: kind.to_owned(),
        };
        let owner = self.bots.get_mut(&bot).ok_or(Error::NoBot(bot))?;
        let (queue, life, wanted) = match Kind::find(kind) {
            Some(facts) => {
                let queue = facts.queue(content).ok_or_else(bad)?;
                let born = facts.born(content, now.unix_seconds());
                (queue, born + facts.kept_seconds, owner.allowed.lets(facts))
            }
            None if Kind::may_come(kind) => {
                let queue = kinds::queue_of_unknown(content);
                (queue, now.unix_seconds() + kinds::DAY, true)
            }
            None => return Err(bad()),
        };
        let expires = Timestamp::from_unix_seconds(life);
        if !wanted || expires <= now {
            return Ok(None);
        }
        let update_id = owner.queue.next_id(&self.entropy);
        let pending = Pending {
            update_id,
            kind: kind.into(),
            queue,
            expires,
            body: Bytes::from(json::update(update_id, kind, content)),
        };
        if !owner.queue.push(pending) {
            return Ok(None);
        }
        owner.wake();
        let lane = queue.0;
        self.ledger
            .created((bot, update_id), kind, lane, content, elapsed);
        Ok(Some(update_id))
    }

    /// Takes an update out of its queue because it was received.
    pub(crate) fn acknowledge(&mut self, bot: BotId, place: u64) {
        let at = self.clock.elapsed();
        let update = self
            .bots
            .get_mut(&bot)
            .and_then(|bot| bot.queue.remove(place));
        if let Some(update) = update {
            self.ledger.acknowledge(bot, update.update_id, at);
        }
    }

    /// Takes an update out of its queue because nobody will receive it.
    pub(crate) fn drop_update(&mut self, bot: BotId, place: u64) {
        let at = self.clock.elapsed();
        let update = self
            .bots
            .get_mut(&bot)
            .and_then(|bot| bot.queue.remove(place));
        if let Some(update) = update {
            self.ledger.dropped(bot, update.update_id, at);
        }
    }

    /// Empties a bot's queue of what a test picks; all of it is lost.
    pub(crate) fn drop_updates(&mut self, bot: BotId, picked: impl Fn(&Pending) -> bool) {
        let at = self.clock.elapsed();
        let Some(owner) = self.bots.get_mut(&bot) else {
            return;
        };
        for update in owner.queue.take(picked) {
            self.ledger.dropped(bot, update.update_id, at);
        }
    }

    /// Drops what nobody received in time.
    pub(crate) fn drop_expired(&mut self, bot: BotId) {
        let now = self.clock.now();
        self.drop_updates(bot, |update| update.expires < now);
    }
}
