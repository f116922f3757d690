//! A simulator with one bot, a clock that is turned by hand, and a plain HTTP client.

use std::net::SocketAddr;

use clock::{Clock, Entropy, ManualClock};
use serde_json::{Value, json};
use telegram_simulator::{BotId, ChatId, Control, Resolution, Simulator, SimulatorConfig, Token};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) use crate::receiver::DEADLINE;
use crate::receiver::Receiver;

pub(crate) const CHAT: ChatId = ChatId(5_550_001);
pub(crate) const URL: &str = "https://bots.example.com/hook?x=1";

pub(crate) struct Telegram {
    pub(crate) simulator: Simulator,
    pub(crate) control: Control,
    pub(crate) hands: ManualClock,
    pub(crate) bot: BotId,
    pub(crate) token: Token,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Telegram {
    pub(crate) async fn start() -> Self {
        let (clock, hands) = Clock::manual();
        let config = SimulatorConfig::new(clock, Entropy::seeded(11));
        let simulator = Simulator::start(config).await.unwrap();
        let control = simulator.control();
        let (bot, token) = control.new_bot("Helper", "helper_bot");
        Self {
            simulator,
            control,
            hands,
            bot,
            token,
        }
    }

    /// With a receiver behind bots.example.com, set as the bot's webhook.
    pub(crate) async fn with_webhook(parameters: Value) -> (Self, Receiver) {
        let telegram = Self::start().await;
        let receiver = Receiver::start().await;
        telegram.knows("bots.example.com", receiver.address);
        let mut parameters = parameters;
        parameters["url"] = json!(URL);
        let answer = telegram.call("setWebhook", parameters).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        (telegram, receiver)
    }

    pub(crate) fn knows(&self, host: &str, address: SocketAddr) {
        self.control
            .resolve(host, Resolution::clear(address))
            .unwrap();
    }

    pub(crate) async fn call(&self, method: &str, parameters: Value) -> Answer {
        self.call_with(self.token.expose(), method, parameters)
            .await
    }

    pub(crate) async fn call_with(&self, token: &str, method: &str, parameters: Value) -> Answer {
        let path = format!("/bot{token}/{method}");
        self.post(&path, "application/json", parameters.to_string().as_bytes())
            .await
    }

    pub(crate) async fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Answer {
        request(self.simulator.address(), "POST", path, content_type, body)
            .await
            .unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        request(self.simulator.address(), "GET", path, "", b"")
            .await
            .unwrap()
    }

    /// What a person's message in private makes: an update.
    pub(crate) fn says(&self, text: &str) -> i64 {
        self.control
            .user_sends(self.bot, CHAT, text)
            .unwrap()
            .unwrap()
    }

    pub(crate) fn info(&self) -> Value {
        self.control.webhook_info(self.bot).unwrap()
    }

    /// Waits until so many deliveries have ended.
    pub(crate) async fn ended(&self, deliveries: usize) {
        let bot = self.bot;
        let ended = |ledger: &telegram_simulator::Ledger| {
            let ended = ledger
                .deliveries(bot)
                .filter(|one| one.answered_us.is_some());
            ended.count() >= deliveries
        };
        self.control.wait_for(ended, DEADLINE).await.unwrap();
    }

    /// Waits until so many updates were acknowledged.
    pub(crate) async fn acknowledged(&self, updates: usize) {
        let bot = self.bot;
        self.control
            .wait_for(|ledger| ledger.acknowledged(bot).len() >= updates, DEADLINE)
            .await
            .unwrap();
    }
}

impl Answer {
    pub(crate) fn description(&self) -> &str {
        self.body["description"].as_str().unwrap_or_default()
    }

    pub(crate) fn result(&self) -> &Value {
        &self.body["result"]
    }
}

/// One request on a connection of its own; `None` when the connection was cut without an answer.
pub(crate) async fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    content_type: &str,
    body: &[u8],
) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: telegram\r\nConnection: close\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some(Answer {
        status: head.split(' ').nth(1)?.parse().ok()?,
        head: head.to_ascii_lowercase(),
        body: serde_json::from_str(body).unwrap_or_else(|_| Value::from(body)),
    })
}
