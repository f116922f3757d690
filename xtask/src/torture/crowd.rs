//! People who tap and write all the time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, anyhow};
use serde_json::{Value, json};

use super::numbers::Numbers;
use crate::stage::simulator::Simulator;

/// Updates a second, of each bot.
const PER_SECOND: u32 = 50;
const CHATS: u64 = 60;
const FIRST_CHAT: i64 = 10_000;

/// An update that was sent. Its name comes back in the call that it leads to.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) update_id: i64,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) content: Value,
}

/// The crowd of one bot, at work.
pub(crate) struct Crowd {
    orders: Arc<Orders>,
    sent: Log,
    people: JoinHandle<Result<()>>,
}

/// Everything that a bot was sent so far. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Sent>>>);

impl Log {
    pub(crate) fn look(&self) -> MutexGuard<'_, Vec<Sent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Orders {
    rests: AtomicBool,
    goes_home: AtomicBool,
}

impl Crowd {
    /// People begin to talk to this bot, as the numbers say.
    pub(crate) fn gather(telegram: Simulator, bot: i64, numbers: Numbers) -> Self {
        let (orders, sent) = (Arc::new(Orders::default()), Log::default());
        let (told, log) = (Arc::clone(&orders), sent.clone());
        let people = thread::spawn(move || talk(telegram, bot, numbers, &told, &log));
        Self {
            orders,
            sent,
            people,
        }
    }

    /// Nobody says anything for a while, or everybody goes on.
    pub(crate) fn rest(&self, rests: bool) {
        self.orders.rests.store(rests, Ordering::Relaxed);
    }

    pub(crate) fn sent(&self) -> Log {
        self.sent.clone()
    }

    /// Ends it.
    pub(crate) fn go_home(self) -> Result<()> {
        self.orders.goes_home.store(true, Ordering::Relaxed);
        let people = self.people.join();
        people.map_err(|_| anyhow!("the crowd panicked"))?
    }
}

fn talk(
    telegram: Simulator,
    bot: i64,
    mut numbers: Numbers,
    orders: &Orders,
    sent: &Log,
) -> Result<()> {
    let mut next = Instant::now();
    for number in 0.. {
        next = (next + Duration::from_secs(1) / PER_SECOND).max(Instant::now());
        thread::sleep(next.saturating_duration_since(Instant::now()));
        while orders.rests.load(Ordering::Relaxed) && !orders.goes_home.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(5));
        }
        if orders.goes_home.load(Ordering::Relaxed) {
            break;
        }
        let mut update = compose(bot, number, &mut numbers, today()?);
        update.update_id = telegram.update(bot, update.kind, &update.content)?;
        sent.look().push(update);
    }
    Ok(())
}

/// Telegram throws away what is older than a day.
fn today() -> Result<u64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(since.as_secs())
}

/// Mostly a tap; some chats are livelier than others.
fn compose(bot: i64, number: usize, numbers: &mut Numbers, date: u64) -> Sent {
    let lively = numbers.below(3) == 0;
    let place = numbers.below(if lively { 3 } else { CHATS });
    let chat = FIRST_CHAT + i64::try_from(place).unwrap_or_default();
    let is_message = !lively && numbers.below(16) == 0;
    let name = format!("{bot}-{number:06}");
    let (kind, content) = if is_message {
        ("message", start(&name, chat, number, date))
    } else {
        ("callback_query", tap(&name, chat))
    };
    Sent {
        update_id: 0,
        name,
        kind,
        content,
    }
}

/// A tap on a button of long ago; the answer names its id.
fn tap(name: &str, chat: i64) -> Value {
    let user = json!({"id": chat, "is_bot": false, "first_name": "Ada"});
    let chat = json!({"id": chat, "type": "private", "first_name": "Ada"});
    let message = json!({"message_id": 1, "date": 0, "chat": chat});
    json!({"id": name, "from": user, "message": message, "chat_instance": "1", "data": "old"})
}

/// A `/start`; the greeting says who wrote it.
fn start(name: &str, chat: i64, number: usize, date: u64) -> Value {
    json!({
        "message_id": number + 2,
        "date": date,
        "chat": {"id": chat, "type": "private", "first_name": name},
        "from": {"id": chat, "is_bot": false, "first_name": name},
        "text": "/start",
        "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_conversation() {
        let talk = |seed| {
            let mut numbers = Numbers::new(seed, 1);
            let all: Vec<String> = (0..300)
                .map(|number| format!("{:?}", compose(9, number, &mut numbers, 0)))
                .collect();
            all
        };
        assert_eq!(talk(1), talk(1));
        assert_ne!(talk(1), talk(2));
        let messages = talk(1).iter().filter(|one| one.contains("/start")).count();
        assert!((1..60).contains(&messages), "{messages}");
    }
}
