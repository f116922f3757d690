//! The simulated Telegram: what BotFather and people do there, and what it wrote down.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::http::Request;

/// A bot as BotFather hands it out.
#[derive(Debug, Deserialize)]
pub(crate) struct Bot {
    pub(crate) id: i64,
    pub(crate) token: String,
}

/// An update's life. Times are microseconds of the simulator's clock.
#[derive(Debug, Deserialize)]
pub(crate) struct Update {
    pub(crate) update_id: i64,
    pub(crate) chat: Option<i64>,
    pub(crate) first_post_us: Option<u64>,
    pub(crate) acknowledged_us: Option<u64>,
    pub(crate) dropped_us: Option<u64>,
}

/// An attempt to deliver an update.
#[derive(Debug, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) update_id: i64,
    pub(crate) status: Option<u16>,
}

/// A Bot API call.
#[derive(Debug, Deserialize)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) at_us: u64,
    pub(crate) status: u16,
    /// `http`, or `rival` for somebody else who holds the token.
    pub(crate) via: String,
}

impl Call {
    /// Whether it was this method and succeeded.
    pub(crate) fn did(&self, method: &str) -> bool {
        self.method.eq_ignore_ascii_case(method) && self.status == 200
    }

    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }
}

/// The simulator's Bot API and control API.
#[derive(Clone, Copy)]
pub(crate) struct Simulator {
    pub(crate) address: SocketAddr,
}

impl Simulator {
    pub(crate) fn new_bot(&self, name: &str, username: &str) -> Result<Bot> {
        self.post(
            "/control/bots",
            &json!({"name": name, "username": username}),
        )
    }

    /// A new token; the old one is refused from now on.
    pub(crate) fn revoke(&self, bot: i64) -> Result<Bot> {
        self.post(&format!("/control/bots/{bot}/revoke"), &json!({}))
    }

    /// `/deletebot`: its token is refused for ever.
    pub(crate) fn delete(&self, bot: i64) -> Result<()> {
        self.tell(&format!("/control/bots/{bot}/delete"), &json!({}))
    }

    /// Its token is refused until it is enabled again.
    pub(crate) fn disable(&self, bot: i64) -> Result<()> {
        self.tell(&format!("/control/bots/{bot}/disable"), &json!({}))
    }

    /// Its token works again; its webhook is gone.
    pub(crate) fn enable(&self, bot: i64) -> Result<()> {
        self.tell(&format!("/control/bots/{bot}/enable"), &json!({}))
    }

    /// Somebody else who holds the token does this: an `action` and what belongs to it.
    pub(crate) fn rival(&self, bot: i64, mut what: Value) -> Result<()> {
        what["bot"] = bot.into();
        self.tell("/control/rival", &what)
    }

    /// From now on this public name is served at this address of this machine.
    pub(crate) fn resolve(&self, host: &str, deliver_to: SocketAddr) -> Result<()> {
        self.tell(
            "/control/resolve",
            &json!({"host": host, "deliver_to": deliver_to}),
        )
    }

    pub(crate) fn send(&self, bot: i64, chat: i64, text: &str) -> Result<()> {
        self.tell(
            "/control/send",
            &json!({"bot": bot, "chat": chat, "text": text}),
        )
    }

    pub(crate) fn tap(&self, bot: i64, chat: i64, data: &str) -> Result<()> {
        self.tell(
            "/control/tap",
            &json!({"bot": bot, "chat": chat, "data": data}),
        )
    }

    pub(crate) fn join(&self, bot: i64, chat: i64, user: i64) -> Result<()> {
        self.tell(
            "/control/join",
            &json!({"bot": bot, "chat": chat, "user": user}),
        )
    }

    /// A tap on a button of a message of long ago, with an id of our choice; returns the update's number.
    pub(crate) fn tap_with_id(&self, bot: i64, chat: i64, id: &str) -> Result<i64> {
        let user = json!({"id": chat, "is_bot": false, "first_name": "Ada"});
        let chat = json!({"id": chat, "type": "private", "first_name": "Ada"});
        let message = json!({"message_id": 1, "date": 0, "chat": chat});
        let content = json!({"id": id, "from": user, "message": message, "chat_instance": "1", "data": "old"});
        self.update(bot, "callback_query", &content)
    }

    /// `/start` in a private chat, from somebody whom the bot will greet by this name; returns the update's number.
    pub(crate) fn start_with_name(&self, bot: i64, chat: i64, name: &str) -> Result<i64> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let content = json!({
            "message_id": 1,
            "date": now.as_secs(),
            "chat": {"id": chat, "type": "private", "first_name": name},
            "from": {"id": chat, "is_bot": false, "first_name": name},
            "text": "/start",
            "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
        });
        self.update(bot, "message", &content)
    }

    /// Any update; returns its number.
    pub(crate) fn update(&self, bot: i64, kind: &str, content: &Value) -> Result<i64> {
        let body = json!({"bot": bot, "kind": kind, "content": content});
        let answer: Value = self.post("/control/update", &body)?;
        answer["update_id"]
            .as_i64()
            .context("the bot's webhook does not take such updates")
    }

    /// The time on the simulator's clock, in microseconds.
    pub(crate) fn now_us(&self) -> Result<u64> {
        let state: Value = self.get("/control/state")?;
        state["now_us"]
            .as_u64()
            .context("the simulator does not say what time it is")
    }

    /// A call of the Bot API, by whoever holds the token.
    pub(crate) fn call(&self, token: &str, method: &str, parameters: &Value) -> Result<Value> {
        self.post(&format!("/bot{token}/{method}"), parameters)
    }

    /// The bot's next calls of this method take so long that work piles up behind them.
    pub(crate) fn slow_down(&self, bot: i64, method: &str, by: Duration) -> Result<()> {
        let how = json!({"delay": u64::try_from(by.as_millis())?});
        let failure = json!({"bot": bot, "method": method, "times": 1_000_000, "how": how});
        self.tell("/control/failures", &failure)
    }

    /// Calls take no longer than they need.
    pub(crate) fn speed_up(&self) -> Result<()> {
        Request::new("DELETE", "/control/failures")
            .send(self.address)?
            .json()?;
        Ok(())
    }

    pub(crate) fn calls(&self, bot: i64) -> Result<Vec<Call>> {
        self.calls_from(bot, 0)
    }

    /// The calls but for so many of the oldest.
    pub(crate) fn calls_from(&self, bot: i64, from: usize) -> Result<Vec<Call>> {
        self.get(&format!("/control/calls?bot={bot}&from={from}"))
    }

    /// The attempts to deliver but for so many of the oldest.
    pub(crate) fn deliveries_from(&self, bot: i64, from: usize) -> Result<Vec<Delivery>> {
        self.get(&format!("/control/deliveries?bot={bot}&from={from}"))
    }

    pub(crate) fn updates(&self, bot: i64) -> Result<Vec<Update>> {
        let ledger: Ledger = self.get(&format!("/control/ledger?bot={bot}"))?;
        Ok(ledger.updates)
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        read(path, &Request::new("GET", path).send(self.address)?.json()?)
    }

    fn tell(&self, path: &str, body: &Value) -> Result<()> {
        self.post(path, body).map(|_: Value| ())
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T> {
        let answer = Request::new("POST", path).json(body).send(self.address)?;
        // A path may hold a token.
        let shown = path.split('/').nth(1).unwrap_or_default();
        read(
            shown,
            &answer
                .json()
                .with_context(|| format!("the simulator refused /{shown} {body}"))?,
        )
    }
}

#[derive(Deserialize)]
struct Ledger {
    updates: Vec<Update>,
}

fn read<T: DeserializeOwned>(path: &str, answer: &Value) -> Result<T> {
    T::deserialize(answer)
        .with_context(|| format!("the simulator's answer to {path} is not what it was"))
}
