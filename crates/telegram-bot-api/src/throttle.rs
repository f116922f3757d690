//! Turns for messages, so that Telegram's limits are kept and not met. Time is given, nothing waits here.

mod limits;
mod window;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use self::limits::{Limit, Limits};
use self::window::Window;
use crate::{Call, ChatKey};

/// Below so many keys nobody looks for idle ones.
const SWEEP_FROM: usize = 1_024;

/// Hands out turns by bot and chat. First come, first served within a chat; a chat that must wait keeps no other chat
/// of its bot waiting. Keys are forgotten once their windows are empty.
pub(crate) struct Throttle {
    limits: Limits,
    keys: Mutex<Keys>,
}

#[derive(Default)]
struct Keys {
    bots: HashMap<i64, Window>,
    chats: HashMap<(i64, ChatKey), Chat>,
    sweep_at: usize,
}

#[derive(Default)]
struct Chat {
    chat: Window,
    group: Window,
    parked_until: Duration,
}

impl Throttle {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            keys: Mutex::default(),
        }
    }

    /// Takes the next turn for a call, if it comes by `until`; otherwise answers when it would come.
    pub(crate) fn take_turn(
        &self,
        bot: i64,
        call: &Call,
        now: Duration,
        until: Duration,
    ) -> Result<Duration, Duration> {
        if !sends_message(call) {
            return Ok(now);
        }
        let mut keys = self.lock();
        keys.sweep(now, &self.limits);
        let keys = &mut *keys;
        let paid = call.params().get("allow_paid_broadcast") == Some(&true.into());
        let mut chat = call.chat().map(|key| {
            let group = key.is_group();
            (group, keys.chats.entry((bot, key)).or_default())
        });
        let mut bot = (!paid).then(|| keys.bots.entry(bot).or_default());
        let turn = self.next_turn(
            bot.as_deref(),
            chat.as_ref().map(|(group, chat)| (*group, &**chat)),
            now,
        );
        if turn > until {
            return Err(turn);
        }
        if let Some(bot) = &mut bot {
            bot.take(turn);
        }
        if let Some((group, chat)) = &mut chat {
            chat.chat.take(turn);
            if *group {
                chat.group.take(turn);
            }
        }
        Ok(turn)
    }

    /// Lets nothing more into the call's chat before that time: Telegram said so.
    pub(crate) fn park(&self, bot: i64, call: &Call, until: Duration) {
        if let Some(key) = call.chat().filter(|_| sends_message(call)) {
            let mut keys = self.lock();
            let chat = keys.chats.entry((bot, key)).or_default();
            chat.parked_until = chat.parked_until.max(until);
        }
    }

    /// Whether the call's chat was parked since its turn was taken.
    pub(crate) fn is_parked(&self, bot: i64, call: &Call, now: Duration) -> bool {
        let key = call.chat().filter(|_| sends_message(call));
        key.is_some_and(|key| {
            let keys = self.lock();
            keys.chats
                .get(&(bot, key))
                .is_some_and(|chat| chat.parked_until > now)
        })
    }

    fn next_turn(
        &self,
        bot: Option<&Window>,
        chat: Option<(bool, &Chat)>,
        now: Duration,
    ) -> Duration {
        let Limits {
            bot: bot_limit,
            chat: chat_limit,
            group: group_limit,
        } = self.limits;
        let mut turn = chat.map_or(now, |(_, chat)| {
            // Not before whoever came first to the same chat, even where there is a gap.
            now.max(chat.parked_until)
                .max(chat.chat.last().unwrap_or_default())
        });
        loop {
            let before = turn;
            if let Some((group, chat)) = chat {
                turn = chat.chat.earliest(turn, chat_limit);
                if group {
                    turn = chat.group.earliest(turn, group_limit);
                }
            }
            if let Some(bot) = bot {
                turn = bot.earliest(turn, bot_limit);
            }
            if turn == before {
                return turn;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keys {
    /// Forgets idle keys whenever there are twice as many as were left the last time, so that it costs little each.
    fn sweep(&mut self, now: Duration, limits: &Limits) {
        if self.bots.len() + self.chats.len() < self.sweep_at.max(SWEEP_FROM) {
            return;
        }
        self.bots.retain(|_, bot| !bot.forget(now, limits.bot));
        self.chats.retain(|_, chat| {
            let idle = chat.chat.forget(now, limits.chat) & chat.group.forget(now, limits.group);
            !idle || chat.parked_until > now
        });
        self.sweep_at = 2 * (self.bots.len() + self.chats.len());
    }
}

/// Whether a call puts or changes a message, which is what Telegram counts. Showing that the bot is typing, and drafts,
/// are none.
fn sends_message(call: &Call) -> bool {
    const PREFIXES: [&str; 5] = [
        "send",
        "copyMessage",
        "forwardMessage",
        "editMessage",
        "editEphemeralMessage",
    ];
    const NOT_MESSAGES: [&str; 4] = [
        "sendChatAction",
        "sendChatJoinRequestWebApp",
        "sendMessageDraft",
        "sendRichMessageDraft",
    ];
    let name = call.method().as_bytes();
    let begins = |prefix: &str| {
        let head = name.get(..prefix.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    PREFIXES.into_iter().any(begins) && !NOT_MESSAGES.into_iter().any(|method| call.is(method))
}

#[cfg(test)]
mod tests;
